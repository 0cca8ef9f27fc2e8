/* SPDX-License-Identifier: MIT */
/*
 * churngen: makes real TCP connections for tests and the bench. It knows nothing of the tracer, and never asks the kernel
 * for a socket cookie: that would generate one and hide a tracer that generates it too late.
 *   options.c  the command line -> struct options
 *   net.c      addresses, clocks, processes
 *   record.c   shared counters, the log, the summary line
 *   server.c   accepts, and closes by policy
 *   client.c   opens, sends and receives, closes by style
 *   connect.c  the ways to call connect()
 *   handover.c closing by another process
 * Needs _GNU_SOURCE (CMakeLists.txt). A process is either server or client. Threads and forked children share the counters
 * and the log; lines are written to the log whole.
 */
#ifndef CHURNGEN_H
#define CHURNGEN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_ENDPOINTS 64
#define NS_PER_MS 1000000ull
#define NS_PER_SEC 1000000000ull

enum policy {
	POLICY_PEER,  /* close after the peer: the client closes first */
	POLICY_FIRST, /* close right after accept() */
	POLICY_REPLY, /* answer the first bytes, then close: as an HTTP/1.0 server does */
	POLICY_RESET, /* SO_LINGER 0 right after accept() */
	POLICY_NEVER, /* keep the descriptor, even after the peer's FIN: CLOSE_WAIT here, FIN_WAIT2 at the peer */
};

enum close_style {
	CLOSE_CLIENT,         /* close() */
	CLOSE_SERVER,         /* wait for the server's FIN, then close() */
	CLOSE_SHUTDOWN,       /* shutdown(SHUT_WR), wait for the server's FIN, close() */
	CLOSE_SHUTDOWN_CLOSE, /* shutdown(SHUT_WR), close() at once */
	CLOSE_RESET,          /* SO_LINGER {1,0}, close() */
	CLOSE_LINGER2,        /* TCP_LINGER2, close() */
	CLOSE_EXIT,           /* the process exits with the descriptor open */
	CLOSE_KILL,           /* the process is killed with the descriptor open */
	CLOSE_FORK,           /* a forked child holds the last descriptor */
	CLOSE_PASS,           /* another process receives the descriptor over a unix socket, and closes it */
};

enum connect_call { CALL_BLOCK, CALL_NONBLOCK, CALL_URING };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct endpoint {
	union address addr;
	enum policy policy; /* listeners only */
};

struct options {
	bool server;
	struct endpoint endpoints[MAX_ENDPOINTS]; /* server: listeners; client: destinations, in turn */
	unsigned endpoint_count;
	unsigned spread; /* client: consecutive addresses of each destination, in turn */
	bool mapped;     /* IPv4 destinations through AF_INET6 sockets */
	union address bind;
	bool has_bind;
	bool bind_no_port; /* IP_BIND_ADDRESS_NO_PORT */
	bool reuse_address;
	unsigned threads;
	unsigned processes; /* client: forked workers, each does `count` */
	unsigned per_child; /* CLOSE_EXIT, CLOSE_KILL: connections of one child */
	uint64_t count;     /* of each process; 0: until the duration is over */
	double rate;        /* connections/s of each process; 0: as fast as possible */
	double seconds;     /* give up after; always bounded */
	enum close_style close_style;
	int linger2;
	unsigned hold_ms;  /* how long a connection stays open */
	unsigned hold_max; /* connections open at one time, of one thread */
	unsigned bytes;    /* client: sent on each connection */
	bool echo;         /* server: sends back; client: reads back */
	enum connect_call call;
	bool stop_on_error; /* end at the first failed attempt */
	bool gate;          /* print "ready PID", start at the first line on stdin */
	bool stay;          /* do not exit until stdin ends */
	const char *log;    /* NULL: no log */
};

extern struct options opt;

/* options.c; ends the process with status 2 on bad usage */
void parse_options(int argc, char **argv);

/* net.c: addresses, clocks, processes */
bool parse_address(const char *text, union address *out);
socklen_t address_length(const union address *addr);
void to_mapped(union address *addr);
void nth_address(const union address *base, unsigned n, union address *out);
void format_address(const union address *addr, char *out, size_t size);
uint64_t now_ns(void);
void sleep_until(uint64_t when_ns);
pid_t fork_bound(void); /* a child that is killed when its parent ends */
void die(const char *what);

/* record.c: one connection or attempt. Times are CLOCK_MONOTONIC ns, 0 when it did not get that far. */
struct record {
	const char *role; /* client, server */
	const char *call; /* the call that failed: socket, bind, connect; NULL: none */
	union address local, remote;
	uint64_t start_ns, open_ns, close_ns;
	uint64_t sent, received;
	pid_t pid, tid, closer; /* of the opener or acceptor; closer 0: the same */
	int err;
};

struct counters {
	uint64_t attempts, opened, failed, closed, sent, received;
	uint64_t errors[200];   /* by errno */
	volatile bool stopping; /* all threads and children are to end */
};
extern struct counters *counters; /* shared with every child */

void record_open(void);
void record_line(const struct record *rec);
void record_flush(void); /* this thread's lines; before a thread or process ends */
void record_summary(void);
#define count_add(field, n) __atomic_fetch_add(&counters->field, (n), __ATOMIC_RELAXED)

/* server.c, client.c: return when done or stopping */
void run_server(void);
void run_client(void);

/* connect.c: 0 or an errno */
int call_connect(int fd, const union address *to);

/* handover.c: close `fd` in another process; returns its pid */
pid_t close_in_child(int fd);
pid_t close_in_helper(int fd);
void stop_helper(void);

#endif
