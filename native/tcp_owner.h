// SPDX-License-Identifier: MIT
// Whose the other end of a TCP connection is, on this machine. One lookup in the kernel's table, whatever that holds. No state, no lock.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

struct TcpEnd {
	// IPv4, dotted.
	std::string address;
	uint16_t port;
};

// The uid of the process that has the socket with these two ends in this network namespace. None: there is no such socket, or no
// process has accepted it yet; the kernel calls such a one root's. Throws NativeError.
std::optional<uint32_t> tcp_owner(const TcpEnd &local, const TcpEnd &remote);
