/* SPDX-License-Identifier: MIT */
/*
 * Closes by another process than the opener: a child that inherited the descriptor, or a helper that received it over a unix
 * socket. In both cases the opener closes its own copy before it lets the other process continue, so that one closes last.
 * One connection at a time per thread; each function returns when the connection is closed.
 */
#include "churngen.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t close_in_child(int fd)
{
	int go[2];
	char byte;

	if (pipe2(go, O_CLOEXEC))
		die("pipe");
	pid_t child = fork_bound();
	if (child == 0) {
		close(go[1]);
		if (read(go[0], &byte, 1) == 0)
			close(fd);
		_exit(0);
	}
	close(fd);
	close(go[0]);
	close(go[1]); /* the end of the pipe lets the child continue */
	waitpid(child, NULL, 0);
	return child;
}

static __thread int helper_fd;
static __thread pid_t helper;

static int receive_fd(int from)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec io = {&byte, 1};
	struct msghdr msg = {
		.msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	int fd;

	if (recvmsg(from, &msg, 0) <= 0)
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static void help(int from)
{
	char byte;
	int fd;

	while ((fd = receive_fd(from)) >= 0) {
		if (read(from, &byte, 1) != 1)
			break;
		close(fd);
		if (write(from, "c", 1) != 1)
			break;
	}
	_exit(0);
}

static void start_helper(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		die("socketpair");
	helper = fork_bound();
	if (helper == 0) {
		close(pair[0]);
		help(pair[1]);
	}
	close(pair[1]);
	helper_fd = pair[0];
}

pid_t close_in_helper(int fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec io = {"f", 1};
	struct msghdr msg = {
		.msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	char byte;

	if (!helper)
		start_helper();
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	if (sendmsg(helper_fd, &msg, 0) != 1)
		die("sendmsg");
	close(fd);
	if (write(helper_fd, "g", 1) != 1 || read(helper_fd, &byte, 1) != 1)
		die("helper");
	return helper;
}

void stop_helper(void)
{
	if (!helper)
		return;
	close(helper_fd);
	waitpid(helper, NULL, 0);
	helper = 0;
}
