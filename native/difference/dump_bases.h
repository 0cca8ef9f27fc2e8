// SPDX-License-Identifier: MIT
// The bases of all namespaces, by the kernel's cookie of each. A base has a generation, which nothing else ever has: whoever
// names it has taken the dump that made it. Bounded: in namespaces, in slots over all, and by time. For one thread, the
// dumper's; holds no lock.
#pragma once
#include <chrono>
#include <cstdint>
#include <unordered_map>
#include "native/difference/dump_base.h"

class DumpBases
{
public:
	// 16 MiB over all namespaces; there are 786,432 entries in them at most. What has no room is in every dump.
	static constexpr size_t kSlots = 1 << 20;
	static constexpr size_t kNamespaces = 4096;
	using Clock = std::chrono::steady_clock;

	// Takes a base out, so that a dump that does not end well leaves none. False, and an empty base: there is none of this
	// generation.
	bool take(uint64_t netns_cookie, uint32_t generation, DumpBase &base);
	// Returns its generation; 0: there was no room for it.
	uint32_t put(uint64_t netns_cookie, DumpBase &&base, Clock::time_point now);
	// Of namespaces that nobody has asked for since.
	void drop_unused(Clock::time_point since);
	size_t free_slots() const { return slots_ < kSlots ? kSlots - slots_ : 0; }

private:
	struct Kept {
		DumpBase base;
		uint32_t generation;
		Clock::time_point used;
	};

	std::unordered_map<uint64_t, Kept> kept_;
	size_t slots_ = 0; /* of all that are kept */
	uint32_t generation_ = 0;
};
