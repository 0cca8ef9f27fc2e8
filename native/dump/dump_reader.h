// SPDX-License-Identifier: MIT
// The messages of one sock_diag dump: bytes in, sockets out. No I/O, and nothing in the bytes is believed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <linux/inet_diag.h>
#include <linux/netlink.h>

class DumpReader
{
public:
	// `request`: a SYN that waits for its third ACK and has no full socket. An errno ends the dump.
	using Visitor = std::function<int(const struct inet_diag_msg &socket, bool request)>;

	// Shows the sockets in what one receive gave. 0, the kernel's or the visitor's errno, or EPROTO for bytes that are no
	// whole messages. `bytes` is aligned for a netlink header.
	int read(const uint8_t *bytes, size_t size, const Visitor &visitor);
	// The kernel has said that there is no more.
	bool done() const { return done_; }
	// The kernel's tables changed under the dump: sockets may be missing.
	bool interrupted() const { return interrupted_; }

private:
	int take(const struct nlmsghdr &message, const Visitor &visitor);

	bool done_ = false;
	bool interrupted_ = false;
};
