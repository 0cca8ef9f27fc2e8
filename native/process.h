// SPDX-License-Identifier: MIT
// The process itself: a restart that drops privileges, messages to the service manager, and an end that waits for nothing. The
// first two throw NativeError and are for the thread that calls them; they share no state and hold no lock.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

// Permanently drops every capability except `kept` (numbers of linux/capability.h), then executes `words` (a file and its
// arguments) in place of this process, with the same pid, environment and open stdio. Does not return. When it throws, this
// thread may have lost capabilities that other threads still have, but none of `kept`.
[[noreturn]] void restart_with(const std::vector<uint32_t> &kept, const std::vector<std::string> &words);

// Sends one datagram to a unix socket; an address that begins with '@' is abstract. Never blocks.
void send_datagram(const std::string &address, const std::string &text);

// Ends the process as it is. exit() would join the threads that read files, and one of these may wait for a file system that
// does not answer. Nothing is flushed.
[[noreturn]] void end_at_once(int code);
