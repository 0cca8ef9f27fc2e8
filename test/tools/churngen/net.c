/* SPDX-License-Identifier: MIT */
/* Addresses, clocks, processes; keeps no state. */
#include "churngen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

void die(const char *what)
{
	fprintf(stderr, "churngen: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* "10.0.0.1:80", "[fd00::1]:80"; port 0 is allowed (bind) */
bool parse_address(const char *text, union address *out)
{
	char host[64];
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	char *end;

	if (len == 0 || len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = 0;
	memset(out, 0, sizeof(*out));
	unsigned long port = strtoul(colon + 1, &end, 10);
	if (end == colon + 1 || *end || port > 65535)
		return false;
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = 0;
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons(port);
		return inet_pton(AF_INET6, host + 1, &out->v6.sin6_addr) == 1;
	}
	out->v4.sin_family = AF_INET;
	out->v4.sin_port = htons(port);
	return inet_pton(AF_INET, host, &out->v4.sin_addr) == 1;
}

socklen_t address_length(const union address *addr)
{
	return addr->any.sa_family == AF_INET ? sizeof(addr->v4) : sizeof(addr->v6);
}

void to_mapped(union address *addr)
{
	struct sockaddr_in v4 = addr->v4;

	if (v4.sin_family != AF_INET)
		return;
	memset(addr, 0, sizeof(*addr));
	addr->v6.sin6_family = AF_INET6;
	addr->v6.sin6_port = v4.sin_port;
	addr->v6.sin6_addr.s6_addr[10] = 0xff;
	addr->v6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&addr->v6.sin6_addr.s6_addr[12], &v4.sin_addr, 4);
}

/* The n-th address after base, in the last 32 bits of either family. */
void nth_address(const union address *base, unsigned n, union address *out)
{
	*out = *base;
	uint8_t *tail = base->any.sa_family == AF_INET ? (uint8_t *)&out->v4.sin_addr : &out->v6.sin6_addr.s6_addr[12];
	uint32_t value;

	memcpy(&value, tail, 4);
	value = htonl(ntohl(value) + n);
	memcpy(tail, &value, 4);
}

/* A v4-mapped address is printed as IPv4. */
void format_address(const union address *addr, char *out, size_t size)
{
	char host[INET6_ADDRSTRLEN];

	if (addr->any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &addr->v4.sin_addr, host, sizeof(host));
		snprintf(out, size, "%s:%u", host, ntohs(addr->v4.sin_port));
	} else if (addr->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&addr->v6.sin6_addr)) {
		inet_ntop(AF_INET, &addr->v6.sin6_addr.s6_addr[12], host, sizeof(host));
		snprintf(out, size, "%s:%u", host, ntohs(addr->v6.sin6_port));
	} else if (addr->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &addr->v6.sin6_addr, host, sizeof(host));
		snprintf(out, size, "[%s]:%u", host, ntohs(addr->v6.sin6_port));
	} else {
		snprintf(out, size, "-");
	}
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

void sleep_until(uint64_t when_ns)
{
	struct timespec ts = {.tv_sec = (time_t)(when_ns / NS_PER_SEC), .tv_nsec = (long)(when_ns % NS_PER_SEC)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

pid_t fork_bound(void)
{
	pid_t child = fork();

	if (child < 0)
		die("fork");
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}
