/* SPDX-License-Identifier: MIT */
/* In: the command line. Out: struct options; on bad usage a message that names the word, and exit status 2. */
#include "churngen.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options opt = {
	.spread = 1,
	.threads = 1,
	.processes = 1,
	.per_child = 1,
	.seconds = 300,
	.hold_max = 1024,
};

static const char *const policies[] = {"peer", "first", "reply", "reset", "never", NULL};
static const char *const styles[] = {"client", "server", "shutdown", "shutdown-close", "reset", "linger2",
				     "exit",   "kill",   "fork",     "pass",           NULL};
static const char *const calls[] = {"block", "nonblock", "uring", NULL};

static void usage(const char *what, const char *text)
{
	fprintf(stderr,
		"churngen: %s: %s\n"
		"usage: churngen server --listen ADDR:PORT[=peer|first|reply|reset|never]... [--threads N] [--echo]\n"
		"       churngen client --to ADDR:PORT... [--spread N] [--mapped] [--bind ADDR:PORT] [--bind-no-port]\n"
		"         [--reuse-address] [--count N] [--rate R] [--threads N] [--processes N] [--per-child N]\n"
		"         [--close client|server|shutdown|shutdown-close|reset|linger2|exit|kill|fork|pass] [--linger2 "
		"S]\n"
		"         [--hold-ms N] [--hold-max N] [--bytes N] [--echo] [--call block|nonblock|uring]\n"
		"         [--stop-on-error] [--gate] [--stay]\n"
		"       both: [--seconds S] [--log FILE]\n",
		what, text);
	exit(2);
}

static int word(const char *const *words, const char *text)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], text))
			return i;
	usage("unknown word", text);
	return -1;
}

static double number(const char *text, double max)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= 0) || value > max)
		usage("bad number", text);
	return value;
}

static void add_endpoint(char *text)
{
	struct endpoint *at = &opt.endpoints[opt.endpoint_count];
	char *policy = strchr(text, '=');

	if (opt.endpoint_count == MAX_ENDPOINTS)
		usage("too many addresses", text);
	if (policy) {
		*policy++ = 0;
		at->policy = (enum policy)word(policies, policy);
	}
	if (!parse_address(text, &at->addr))
		usage("bad address", text);
	opt.endpoint_count++;
}

static void set_bind(const char *text)
{
	if (!parse_address(text, &opt.bind))
		usage("bad address", text);
	opt.has_bind = true;
}

enum {
	LISTEN = 1,
	TO,
	SPREAD,
	MAPPED,
	BIND,
	BIND_NO_PORT,
	REUSE,
	COUNT,
	RATE,
	THREADS,
	PROCESSES,
	PER_CHILD,
	CLOSE,
	LINGER2,
	HOLD_MS,
	HOLD_MAX,
	BYTES,
	ECHO_BYTES,
	CALL,
	STOP_ON_ERROR,
	GATE,
	STAY,
	SECONDS,
	LOG
};

static const struct option flags[] = {
	{"listen", 1, NULL, LISTEN},
	{"to", 1, NULL, TO},
	{"spread", 1, NULL, SPREAD},
	{"mapped", 0, NULL, MAPPED},
	{"bind", 1, NULL, BIND},
	{"bind-no-port", 0, NULL, BIND_NO_PORT},
	{"reuse-address", 0, NULL, REUSE},
	{"count", 1, NULL, COUNT},
	{"rate", 1, NULL, RATE},
	{"threads", 1, NULL, THREADS},
	{"processes", 1, NULL, PROCESSES},
	{"per-child", 1, NULL, PER_CHILD},
	{"close", 1, NULL, CLOSE},
	{"linger2", 1, NULL, LINGER2},
	{"hold-ms", 1, NULL, HOLD_MS},
	{"hold-max", 1, NULL, HOLD_MAX},
	{"bytes", 1, NULL, BYTES},
	{"echo", 0, NULL, ECHO_BYTES},
	{"call", 1, NULL, CALL},
	{"stop-on-error", 0, NULL, STOP_ON_ERROR},
	{"gate", 0, NULL, GATE},
	{"stay", 0, NULL, STAY},
	{"seconds", 1, NULL, SECONDS},
	{"log", 1, NULL, LOG},
	{NULL, 0, NULL, 0},
};

static void set_flag(int flag)
{
	switch (flag) {
	case LISTEN:
	case TO:
		add_endpoint(optarg);
		break;
	case SPREAD:
		opt.spread = (unsigned)number(optarg, 1e6);
		break;
	case MAPPED:
		opt.mapped = true;
		break;
	case BIND:
		set_bind(optarg);
		break;
	case BIND_NO_PORT:
		opt.bind_no_port = true;
		break;
	case REUSE:
		opt.reuse_address = true;
		break;
	case COUNT:
		opt.count = (uint64_t)number(optarg, 1e12);
		break;
	case RATE:
		opt.rate = number(optarg, 1e7);
		break;
	case THREADS:
		opt.threads = (unsigned)number(optarg, 256);
		break;
	case PROCESSES:
		opt.processes = (unsigned)number(optarg, 1000);
		break;
	case PER_CHILD:
		opt.per_child = (unsigned)number(optarg, 1e6);
		break;
	case CLOSE:
		opt.close_style = (enum close_style)word(styles, optarg);
		break;
	case LINGER2:
		opt.linger2 = (int)strtol(optarg, NULL, 10);
		break; /* negative has a meaning */
	case HOLD_MS:
		opt.hold_ms = (unsigned)number(optarg, 3.6e6);
		break;
	case HOLD_MAX:
		opt.hold_max = (unsigned)number(optarg, 1e6);
		break;
	case BYTES:
		opt.bytes = (unsigned)number(optarg, 1e9);
		break;
	case ECHO_BYTES:
		opt.echo = true;
		break;
	case CALL:
		opt.call = (enum connect_call)word(calls, optarg);
		break;
	case STOP_ON_ERROR:
		opt.stop_on_error = true;
		break;
	case GATE:
		opt.gate = true;
		break;
	case STAY:
		opt.stay = true;
		break;
	case SECONDS:
		opt.seconds = number(optarg, 86400);
		break;
	case LOG:
		opt.log = optarg;
		break;
	default:
		usage("unknown flag", "see usage");
	}
}

static void check(void)
{
	bool alone = opt.close_style == CLOSE_FORK || opt.close_style == CLOSE_PASS;

	if (opt.endpoint_count == 0)
		usage("missing", "--listen or --to");
	if (!opt.spread || !opt.threads || !opt.processes || !opt.per_child || !opt.hold_max || !opt.seconds)
		usage("bad number", "0");
	if (alone && (opt.threads > 1 || opt.hold_ms)) /* the forked process would inherit the other connections */
		usage("fork and pass want", "--threads 1 and no --hold-ms; use --processes");
}

void parse_options(int argc, char **argv)
{
	int flag;

	if (argc < 2 || (strcmp(argv[1], "server") && strcmp(argv[1], "client")))
		usage("missing", "server or client");
	opt.server = !strcmp(argv[1], "server");
	optind = 2;
	while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
		set_flag(flag);
	if (optind < argc)
		usage("what is", argv[optind]);
	check();
}
