/* SPDX-License-Identifier: MIT */
/*
 * The ways to call connect(): blocking, non-blocking with poll(), io_uring through the bare system calls (one entry at a
 * time, one ring per thread). Each returns 0 or the errno of connect().
 */
#include "churngen.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int connect_blocking(int fd, const union address *to)
{
	return connect(fd, &to->any, address_length(to)) ? errno : 0;
}

static int connect_nonblocking(int fd, const union address *to)
{
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(int);
	int err = 0;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (connect(fd, &to->any, address_length(to)) && errno != EINPROGRESS)
		return errno;
	while (poll(&wait, 1, -1) < 0)
		if (errno != EINTR || counters->stopping)
			return errno;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	fcntl(fd, F_SETFL, 0);
	return err;
}

struct ring {
	int fd;
	struct io_uring_sqe *sqe;
	unsigned *sq_tail, *sq_array, *cq_head;
	struct io_uring_cqe *cqes;
	unsigned cq_mask;
};

static void ring_open(struct ring *ring)
{
	struct io_uring_params p = {0};

	ring->fd = (int)syscall(SYS_io_uring_setup, 1, &p);
	if (ring->fd < 0)
		die("io_uring_setup");
	if (!(p.features & IORING_FEAT_SINGLE_MMAP)) {
		errno = ENOSYS;
		die("io_uring without IORING_FEAT_SINGLE_MMAP");
	}
	size_t sq_size = p.sq_off.array + p.sq_entries * sizeof(unsigned);
	size_t cq_size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	char *rings = mmap(NULL, sq_size > cq_size ? sq_size : cq_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			   IORING_OFF_SQ_RING);
	ring->sqe = mmap(NULL, p.sq_entries * sizeof(*ring->sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			 IORING_OFF_SQES);
	if (rings == MAP_FAILED || (void *)ring->sqe == MAP_FAILED)
		die("io_uring mmap");
	ring->sq_tail = (unsigned *)(rings + p.sq_off.tail);
	ring->sq_array = (unsigned *)(rings + p.sq_off.array);
	ring->cq_head = (unsigned *)(rings + p.cq_off.head);
	ring->cqes = (struct io_uring_cqe *)(rings + p.cq_off.cqes);
	ring->cq_mask = *(unsigned *)(rings + p.cq_off.ring_mask);
}

static int connect_uring(int fd, const union address *to)
{
	static __thread struct ring ring;

	if (!ring.sqe)
		ring_open(&ring);
	memset(ring.sqe, 0, sizeof(*ring.sqe));
	ring.sqe->opcode = IORING_OP_CONNECT;
	ring.sqe->fd = fd;
	ring.sqe->addr = (uint64_t)(uintptr_t)to;
	ring.sqe->off = address_length(to);
	ring.sq_array[0] = 0;
	__atomic_store_n(ring.sq_tail, *ring.sq_tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		die("io_uring_enter");
	unsigned head = *ring.cq_head;
	int res = ring.cqes[head & ring.cq_mask].res;
	__atomic_store_n(ring.cq_head, head + 1, __ATOMIC_RELEASE);
	return -res;
}

int call_connect(int fd, const union address *to)
{
	switch (opt.call) {
	case CALL_NONBLOCK:
		return connect_nonblocking(fd, to);
	case CALL_URING:
		return connect_uring(fd, to);
	default:
		return connect_blocking(fd, to);
	}
}
