// SPDX-License-Identifier: MIT
// One sock_diag dump of the TCP sockets of the network namespace that the calling thread is in when it opens the dump.
// An open dump keeps its namespace alive. Used by the dumper's thread. Functions give 0 or an errno.
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
	// 0 when this kernel does not tell (before 5.14).
	uint64_t netns_cookie() const;
	// Shows every socket once: both families in one walk of the kernel's tables, all states, and those that are only
	// bound (since 6.8). EAGAIN: the dump is not whole.
	int run(const Visitor &visitor);

private:
	int request();
	ssize_t receive();

	UniqueFd socket_;
	std::vector<uint8_t> buffer_;
};
