/* SPDX-License-Identifier: MIT */
/*
 * The server: N threads, each with its own epoll over the shared listeners, accept and close by the listener's policy.
 * A connection is read once right after accept(), and goes into the epoll only when it has no bytes yet: so a client that
 * closes at once costs accept, recv, close. Ends on SIGTERM or after --seconds.
 */
#include "churngen.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTENER_MARK (1ull << 63)
#define BATCH 64

static int listeners[MAX_ENDPOINTS];
static int stop_event;
static struct record *records; /* by descriptor; touched only with --log */
static __thread int epoll;
static __thread char buffer[1 << 16];

static int open_listener(struct endpoint *at)
{
	socklen_t len = sizeof(at->addr);
	int one = 1;
	int fd = socket(at->addr.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &at->addr.any, address_length(&at->addr)))
		die("bind");
	if (listen(fd, 1 << 20)) /* net.core.somaxconn is the limit */
		die("listen");
	getsockname(fd, &at->addr.any, &len);
	return fd;
}

static void watch(int fd, uint64_t data, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.u64 = data};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev))
		die("epoll_ctl");
}

static void finish(int fd, int err)
{
	if (opt.log) {
		records[fd].close_ns = now_ns();
		records[fd].err = err;
		record_line(&records[fd]);
	}
	close(fd);
	count_add(closed, 1);
}

static void send_all(int fd, const char *data, size_t size)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};

	while (size > 0) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN && poll(&wait, 1, 1000) > 0)
			continue;
		if (n <= 0)
			return;
		data += n;
		size -= (size_t)n;
		count_add(sent, (uint64_t)n);
	}
}

/* Handles received bytes; true when the policy closes the connection after them. */
static bool took_bytes(int fd, enum policy policy, size_t size)
{
	count_add(received, size);
	if (opt.log)
		records[fd].received += size;
	if (opt.echo || policy == POLICY_REPLY) {
		send_all(fd, buffer, size);
		if (opt.log)
			records[fd].sent += size;
	}
	return policy == POLICY_REPLY;
}

/* Reads until there is nothing to read; false when the connection needs no epoll (closed, or kept for ever). */
static bool on_readable(int fd, enum policy policy)
{
	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (n > 0 && !took_bytes(fd, policy, (size_t)n))
			continue;
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n == 0 && policy == POLICY_NEVER)
			return false;
		finish(fd, n < 0 ? errno : 0);
		return false;
	}
}

static void start_record(int fd, const union address *remote)
{
	struct record *rec = &records[fd];
	socklen_t len = sizeof(rec->local);

	memset(rec, 0, sizeof(*rec));
	rec->role = "server";
	rec->remote = *remote;
	getsockname(fd, &rec->local.any, &len);
	rec->pid = getpid();
	rec->tid = gettid();
	rec->open_ns = now_ns();
}

static void on_connection(int fd, unsigned listener)
{
	enum policy policy = opt.endpoints[listener].policy;
	struct linger none = {1, 0};

	count_add(opened, 1);
	if (policy == POLICY_RESET)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	if (policy == POLICY_RESET || policy == POLICY_FIRST)
		finish(fd, 0);
	else if (on_readable(fd, policy))
		watch(fd, (uint64_t)listener << 32 | (unsigned)fd, EPOLLIN);
}

static void on_listener(unsigned listener)
{
	for (int i = 0; i < BATCH; i++) {
		union address remote = {0};
		socklen_t len = sizeof(remote);
		int fd = accept4(listeners[listener], &remote.any, &len, SOCK_CLOEXEC);

		if (fd < 0)
			return;
		if (opt.log)
			start_record(fd, &remote);
		on_connection(fd, listener);
	}
}

static void on_event(uint64_t data)
{
	int fd = (int)(data & 0xffffffff);
	unsigned listener = (unsigned)(data >> 32 & 0xff);

	if (data & LISTENER_MARK)
		on_listener(listener);
	else if (fd != stop_event && !on_readable(fd, opt.endpoints[listener].policy) &&
		 opt.endpoints[listener].policy == POLICY_NEVER)
		epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL); /* no longer in the epoll when it was closed for an error */
}

static void *serve(void *arg)
{
	struct epoll_event events[BATCH];

	epoll = epoll_create1(EPOLL_CLOEXEC);
	watch(stop_event, (unsigned)stop_event, EPOLLIN);
	for (unsigned i = 0; i < opt.endpoint_count; i++)
		watch(listeners[i], LISTENER_MARK | (uint64_t)i << 32, EPOLLIN | EPOLLEXCLUSIVE);
	while (!counters->stopping) {
		int n = epoll_wait(epoll, events, BATCH, -1);
		for (int i = 0; i < n; i++)
			on_event(events[i].data.u64);
	}
	record_flush();
	return arg;
}

static void announce(void)
{
	char text[64];

	printf("ready %d", getpid());
	for (unsigned i = 0; i < opt.endpoint_count; i++) {
		format_address(&opt.endpoints[i].addr, text, sizeof(text));
		printf(" %s", text);
	}
	printf("\n");
	fflush(stdout);
}

static void prepare(void)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	stop_event = eventfd(0, EFD_CLOEXEC);
	records = mmap(NULL, files.rlim_cur * sizeof(*records), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stop_event < 0 || records == MAP_FAILED)
		die("prepare");
	for (unsigned i = 0; i < opt.endpoint_count; i++)
		listeners[i] = open_listener(&opt.endpoints[i]);
}

/* Only the main thread receives signals. */
void run_server(void)
{
	pthread_t threads[opt.threads];
	sigset_t signals, old;
	uint64_t one = 1;

	prepare();
	sigfillset(&signals);
	pthread_sigmask(SIG_BLOCK, &signals, &old);
	for (unsigned i = 0; i < opt.threads; i++)
		if (pthread_create(&threads[i], NULL, serve, NULL))
			die("pthread_create");
	announce();
	while (!counters->stopping)
		sigsuspend(&old);
	if (write(stop_event, &one, sizeof(one)) != sizeof(one))
		die("stop");
	for (unsigned i = 0; i < opt.threads; i++)
		pthread_join(threads[i], NULL);
}
