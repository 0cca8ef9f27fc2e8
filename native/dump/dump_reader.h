// SPDX-License-Identifier: MIT
// Parses the messages of one sock_diag dump. In: bytes of netlink messages, every length of which is checked. Out: a call of
// the visitor for each socket. No I/O.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <linux/inet_diag.h>
#include <linux/netlink.h>

class DumpReader
{
public:
	// `request`: a connection request that waits for the final ACK and has no full socket. Returns 0; an errno ends the
	// dump.
	using Visitor = std::function<int(const struct inet_diag_msg &socket, bool request)>;

	// Reads the bytes of one receive call. Returns 0, the errno of the kernel or of the visitor, or EPROTO when the
	// bytes are not whole messages. `bytes` is aligned for a netlink header.
	int read(const uint8_t *bytes, size_t size, const Visitor &visitor);
	// The kernel has sent the end of the dump.
	bool done() const { return done_; }
	// The kernel's tables changed during the dump: sockets may be missing.
	bool interrupted() const { return interrupted_; }

private:
	int take(const struct nlmsghdr &message, const Visitor &visitor);

	bool done_ = false;
	bool interrupted_ = false;
};
