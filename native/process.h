// SPDX-License-Identifier: MIT
// Our own process: a fresh start with fewer capabilities, and messages to the service manager. Each call throws NativeError.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

// Drops every capability but `kept` (numbers of linux/capability.h) for good, then starts `words` (a file and its
// arguments) in place of this process, with the same pid, environment and open stdio. Does not return. When it throws,
// this thread may have lost capabilities that other threads still have, none of `kept` among them.
[[noreturn]] void restart_with(const std::vector<uint32_t> &kept, const std::vector<std::string> &words);

// Sends one datagram to a unix socket; a name that begins with '@' is abstract. Never blocks.
void send_datagram(const std::string &address, const std::string &text);
