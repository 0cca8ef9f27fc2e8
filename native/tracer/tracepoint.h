// SPDX-License-Identifier: MIT
// Opens a classic tracepoint ("syscalls/sys_exit_accept4") as a perf event that a BPF program can be attached to.
#pragma once
#include <string>
#include "native/unique_fd.h"

// Throws NativeError. The tracepoint's number is read from tracefs, which need not be mounted.
UniqueFd open_tracepoint(const std::string &name);
