// SPDX-License-Identifier: MIT
// The TIME_WAIT entries of one namespace that its last dumps have handed over. In: the entries of each dump. Out: which of
// them the dump may leave out, and which have gone. An entry is its cookie, and unchanged as long as its timer is. 16 bytes
// each, open addressing, bounded. For one thread, the dumper's; holds no lock.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

class DumpBase
{
public:
	enum class Entry { kUnchanged, kRemembered, kNoRoom };

	// A dump begins. `slots`: the most that it may have.
	void begin(size_t slots);
	// `deadline_ms`: when its timer ends; may wrap. Throws std::bad_alloc.
	Entry see(uint64_t cookie, uint32_t deadline_ms);
	// It is changed whatever its timer is: a dump that shows it hands it over, one that does not says that it has gone.
	void doubt(uint64_t cookie, uint32_t now_ms);
	// As if it had never been handed over: when a dump shows it, it is new; when none does, nobody hears of it.
	void forget(uint64_t cookie);
	// The dump was complete: what it did not show has gone, and `visitor` hears of it. Not 0 ends it at once, and the base
	// is of no use any more. Throws std::bad_alloc.
	int end(const std::function<int(uint64_t cookie)> &visitor);
	size_t slots() const { return entries_.size(); }

private:
	struct Slot {
		uint64_t cookie; /* 0: free */
		uint32_t deadline_ms;
		uint32_t dump; /* the last one that showed it; 0: forgotten or gone */
	};

	Slot *find(uint64_t cookie);
	Entry add(uint64_t cookie, uint32_t deadline_ms);
	bool make_room();
	void rebuild(size_t slots);

	std::vector<Slot> entries_;
	size_t used_ = 0; /* forgotten ones too */
	size_t most_slots_ = 0;
	uint32_t dump_ = 0;
};
