// SPDX-License-Identifier: MIT
// One sock_diag dump of the TCP sockets of the network namespace that the calling thread is in when it opens the dump.
// An open dump keeps its namespace alive. For one thread, the dumper's; holds no lock. Functions return 0 or an errno.
#pragma once
#include <cstdint>
#include <sys/types.h>
#include <vector>
#include "native/dump/dump_reader.h"
#include "native/unique_fd.h"

class NetlinkDump
{
public:
	using Visitor = DumpReader::Visitor;

	int open();
	// 0 when the kernel does not report it (before 5.14).
	uint64_t netns_cookie() const;
	// Calls the visitor once for every socket: both families in one walk of the kernel's tables, all states, and those
	// that are only bound (since 6.8). EAGAIN: sockets may be missing.
	int run(const Visitor &visitor);
	// CLOCK_MONOTONIC: when the kernel made the message that the visitor is shown.
	uint64_t made_ns() const { return made_ns_; }

private:
	int request();
	ssize_t receive();

	UniqueFd socket_;
	std::vector<uint8_t> buffer_;
	uint64_t made_ns_ = 0;
};
