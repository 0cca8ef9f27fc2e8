// SPDX-License-Identifier: MIT
// The clock of events and dumps.
#pragma once
#include <cstdint>
#include <ctime>

inline uint64_t monotonic_ns()
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}
