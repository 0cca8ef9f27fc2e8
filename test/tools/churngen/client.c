/* SPDX-License-Identifier: MIT */
/*
 * The client: opens connections to the destinations in turn, at a rate or as fast as it can, keeps each open for --hold-ms,
 * and closes it in the given style. Threads of one process share the count; forked workers each have their own. Bounded by
 * --count and --seconds.
 */
#include "churngen.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct held {
	int fd;
	uint64_t due_ns;
	struct record rec;
};

static uint64_t taken, started_ns;

/* Takes the number of the next connection to open; false when none is left. */
static bool take(uint64_t *n)
{
	*n = __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
	return !counters->stopping && (opt.count == 0 || *n < opt.count);
}

static void destination(uint64_t n, union address *to)
{
	const struct endpoint *base = &opt.endpoints[n % opt.endpoint_count];

	nth_address(&base->addr, (unsigned)(n / opt.endpoint_count % opt.spread), to);
	if (opt.mapped)
		to_mapped(to);
}

static int bind_local(int fd, int family)
{
	union address local = opt.bind;
	int one = 1;

	if (opt.reuse_address)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (opt.bind_no_port)
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (family == AF_INET6)
		to_mapped(&local);
	return bind(fd, &local.any, address_length(&local)) ? errno : 0;
}

/* Returns 0 or the errno of the call named in rec->call. */
static int try_open(struct held *held)
{
	const union address *to = &held->rec.remote;
	int err;

	held->rec.call = "socket";
	held->fd = socket(to->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (held->fd < 0)
		return errno;
	held->rec.call = "bind";
	if (opt.has_bind && (err = bind_local(held->fd, to->any.sa_family)))
		return err;
	held->rec.call = "connect";
	err = call_connect(held->fd, to);
	if (!err)
		held->rec.call = NULL;
	return err;
}

static void failed(struct held *held, int err)
{
	held->rec.err = err;
	held->rec.close_ns = now_ns();
	count_add(failed, 1);
	count_add(errors[err], 1);
	record_line(&held->rec);
	if (held->fd >= 0)
		close(held->fd);
	if (opt.stop_on_error)
		counters->stopping = true;
}

/* The local port is read back: getsockname() generates no cookie. */
static void fill_record(struct held *held, int err)
{
	struct record *rec = &held->rec;
	socklen_t len = sizeof(rec->local);

	rec->role = "client";
	rec->pid = getpid();
	rec->tid = gettid();
	rec->open_ns = err ? 0 : now_ns();
	if (held->fd >= 0)
		getsockname(held->fd, &rec->local.any, &len);
}

static void drain_until_eof(struct held *held)
{
	char buffer[1 << 14];
	ssize_t n;

	while ((n = recv(held->fd, buffer, sizeof(buffer), 0)) > 0) {
		held->rec.received += (uint64_t)n;
		count_add(received, (uint64_t)n);
	}
}

static void talk(struct held *held)
{
	char buffer[1 << 12];
	size_t left = opt.bytes;

	memset(buffer, 'x', sizeof(buffer));
	while (left > 0) {
		ssize_t n = send(held->fd, buffer, left < sizeof(buffer) ? left : sizeof(buffer), MSG_NOSIGNAL);
		if (n <= 0)
			return;
		left -= (size_t)n;
		held->rec.sent += (uint64_t)n;
		count_add(sent, (uint64_t)n);
	}
	for (left = opt.echo ? opt.bytes : 0; left > 0;) {
		ssize_t n = recv(held->fd, buffer, left < sizeof(buffer) ? left : sizeof(buffer), 0);
		if (n <= 0)
			return;
		left -= (size_t)n;
		held->rec.received += (uint64_t)n;
		count_add(received, (uint64_t)n);
	}
}

/* Opens connection number n, sends and receives its bytes; false when it failed. */
static bool open_one(struct held *held, uint64_t n)
{
	memset(held, 0, sizeof(*held));
	destination(n, &held->rec.remote);
	count_add(attempts, 1);
	if (opt.log)
		held->rec.start_ns = now_ns();
	int err = try_open(held);
	if (opt.log)
		fill_record(held, err);
	if (err) {
		failed(held, err);
		return false;
	}
	count_add(opened, 1);
	talk(held);
	return true;
}

static void set_linger(int fd)
{
	struct linger none = {1, 0};

	if (opt.close_style == CLOSE_RESET)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	if (opt.close_style == CLOSE_LINGER2)
		setsockopt(fd, IPPROTO_TCP, TCP_LINGER2, &opt.linger2, sizeof(opt.linger2));
}

static void close_by_style(struct held *held)
{
	switch (opt.close_style) {
	case CLOSE_FORK:
		held->rec.closer = close_in_child(held->fd);
		return;
	case CLOSE_PASS:
		held->rec.closer = close_in_helper(held->fd);
		return;
	case CLOSE_SHUTDOWN:
	case CLOSE_SHUTDOWN_CLOSE:
		shutdown(held->fd, SHUT_WR);
		break;
	default:
		set_linger(held->fd);
	}
	if (opt.close_style == CLOSE_SHUTDOWN || opt.close_style == CLOSE_SERVER)
		drain_until_eof(held);
	close(held->fd);
}

static void finish(struct held *held)
{
	if (opt.log)
		held->rec.close_ns = now_ns();
	close_by_style(held);
	count_add(closed, 1);
	record_line(&held->rec);
}

/* When connection n is due; a burst of up to 1 ms is allowed, so that a high rate does not cost a sleep per connection. */
static uint64_t due(uint64_t n)
{
	return opt.rate > 0 ? started_ns + (uint64_t)((double)n / opt.rate * 1e9) - NS_PER_MS : 0;
}

static void pause_until(uint64_t when_ns)
{
	uint64_t soon = now_ns() + 100 * NS_PER_MS; /* short enough to notice a stop */

	sleep_until(when_ns < soon ? when_ns : soon);
}

/* Connections are held equally long, so the oldest is always the next to close: a queue is enough. */
static void *churn(void *arg)
{
	unsigned room = opt.hold_ms ? opt.hold_max : 1;
	struct held *queue = calloc(room, sizeof(*queue));
	uint64_t head = 0, tail = 0, n = 0;
	bool more = take(&n);

	while (more || head < tail) {
		uint64_t now = opt.rate > 0 || opt.hold_ms ? now_ns() : 0;
		struct held *oldest = &queue[head % room];
		if (head < tail && (oldest->due_ns <= now || counters->stopping)) {
			finish(oldest);
			head++;
		} else if (more && tail - head < room && (due(n) <= now || counters->stopping)) {
			if (!counters->stopping && open_one(&queue[tail % room], n))
				queue[tail++ % room].due_ns = opt.hold_ms ? now_ns() + opt.hold_ms * NS_PER_MS : 0;
			more = take(&n);
		} else {
			uint64_t opening = more && tail - head < room ? due(n) : UINT64_MAX;
			pause_until(head < tail && oldest->due_ns < opening ? oldest->due_ns : opening);
		}
	}
	free(queue);
	stop_helper();
	record_flush();
	return arg;
}

/* A child opens its share of connections, holds them, and ends with every descriptor open. */
static void open_and_exit(uint64_t first, uint64_t count)
{
	struct held held;

	for (uint64_t n = first; n < first + count && !counters->stopping; n++) {
		if (!open_one(&held, n))
			continue;
		held.rec.close_ns = now_ns() + opt.hold_ms * NS_PER_MS;
		record_line(&held.rec);
		count_add(closed, 1);
	}
	record_flush();
	sleep_until(now_ns() + opt.hold_ms * NS_PER_MS);
	if (opt.close_style == CLOSE_KILL)
		kill(getpid(), SIGKILL);
	_exit(0);
}

static void spawn_children(void)
{
	for (uint64_t n = 0; !counters->stopping && (opt.count == 0 || n < opt.count); n += opt.per_child) {
		uint64_t left = opt.count ? opt.count - n : opt.per_child;

		if (opt.rate > 0)
			sleep_until(due(n));
		pid_t child = fork_bound();
		if (child == 0)
			open_and_exit(n, left < opt.per_child ? left : opt.per_child);
		waitpid(child, NULL, 0);
	}
}

static void run_worker(void)
{
	pthread_t threads[opt.threads];

	started_ns = now_ns();
	if (opt.close_style == CLOSE_EXIT || opt.close_style == CLOSE_KILL) {
		spawn_children();
		return;
	}
	for (unsigned i = 1; i < opt.threads; i++)
		if (pthread_create(&threads[i], NULL, churn, NULL))
			die("pthread_create");
	churn(NULL);
	for (unsigned i = 1; i < opt.threads; i++)
		pthread_join(threads[i], NULL);
}

void run_client(void)
{
	for (unsigned i = 1; i < opt.processes; i++) {
		pid_t child = fork_bound();
		if (child == 0) {
			run_worker();
			_exit(0);
		}
	}
	run_worker();
	while (wait(NULL) > 0 || errno == EINTR)
		;
}
