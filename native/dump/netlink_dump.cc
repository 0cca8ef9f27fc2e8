// SPDX-License-Identifier: MIT
#include "native/dump/netlink_dump.h"

#include <cerrno>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include "native/dump/monotonic.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

namespace
{
// States 1 (ESTABLISHED) to 13 (TCP_BOUND_INACTIVE, which kernels before 6.8 ignore).
constexpr uint32_t kAllStates = 0x3ffe;
// The kernel makes messages of at most 32 KiB, however large the buffer is.
constexpr size_t kBufferBytes = 64 * 1024;
// The kernel makes the next message while one is received, so no receive waits; if one did, close() must not hang.
constexpr struct timeval kPatience = {2, 0};
} // namespace

int NetlinkDump::open()
{
	socket_ = UniqueFd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
	if (!socket_ || setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience)) != 0)
		return errno;
	buffer_.resize(kBufferBytes);
	return 0;
}

uint64_t NetlinkDump::netns_cookie() const
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);
	if (getsockopt(socket_.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0)
		return 0;
	return cookie;
}

// The older of the two requests, since only it accepts any family: with one request per family the kernel would walk its
// table of connections, which holds those of all namespaces, twice.
int NetlinkDump::request()
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req body;
	} message = {};
	message.header.nlmsg_len = sizeof(message);
	message.header.nlmsg_type = TCPDIAG_GETSOCK;
	message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message.body.idiag_family = AF_UNSPEC;
	message.body.idiag_states = kAllStates;
	return send(socket_.get(), &message, sizeof(message), 0) < 0 ? errno : 0;
}

// Bytes of one whole message, or a negative errno.
ssize_t NetlinkDump::receive()
{
	struct iovec space = {buffer_.data(), buffer_.size()};
	struct msghdr message = {};
	message.msg_iov = &space;
	message.msg_iovlen = 1;
	ssize_t bytes;
	do {
		bytes = recvmsg(socket_.get(), &message, 0);
	} while (bytes < 0 && errno == EINTR);
	if (bytes < 0 && errno == EAGAIN)
		return -ETIMEDOUT;
	if ((bytes < 0 && errno == ENOBUFS) || (message.msg_flags & MSG_TRUNC))
		return -EAGAIN;
	if (bytes == 0)
		return -EPROTO;
	return bytes < 0 ? -errno : bytes;
}

int NetlinkDump::run(const Visitor &visitor)
{
	DumpReader reader;
	int error = request();
	/* The request makes the first message, receiving one makes the next. */
	uint64_t next_made_ns = monotonic_ns();
	while (error == 0 && !reader.done()) {
		made_ns_ = next_made_ns;
		const ssize_t bytes = receive();
		next_made_ns = monotonic_ns();
		error = bytes < 0 ? static_cast<int>(-bytes)
				  : reader.read(buffer_.data(), static_cast<size_t>(bytes), visitor);
	}
	return error == 0 && reader.interrupted() ? EAGAIN : error;
}
