// SPDX-License-Identifier: MIT
#include "native/difference/dump_base.h"

#include <algorithm>
#include <cstdlib>

namespace
{
constexpr size_t kFirstSlots = 256;
// A timer that was armed anew ends at least this much later. The kernel tells what is left of one in ticks, and the time of
// telling is known to some milliseconds; on a machine that is overloaded, an entry is handed over once more.
constexpr int32_t kSameTimerMs = 1000;
constexpr uint32_t kNeverMs = 1u << 31;

bool is_full(size_t used, size_t slots)
{
	return used * 4 >= slots * 3;
}

// Cookies are handed out in sequence for each processor: spread them.
size_t home_of(uint64_t cookie, size_t slots)
{
	return static_cast<size_t>((cookie * 0x9e3779b97f4a7c15ULL) >> 32) & (slots - 1);
}
// Half full, so that there is room to grow.
size_t slots_for(size_t entries, size_t most)
{
	size_t slots = kFirstSlots;
	while (slots < entries * 2 && slots < most)
		slots *= 2;
	return slots;
}
} // namespace

void DumpBase::begin(size_t slots)
{
	most_slots_ = slots;
	dump_++;
}

// The entry, or the free slot where it would be. There are slots, and one of them is free.
DumpBase::Slot *DumpBase::find(uint64_t cookie)
{
	size_t at = home_of(cookie, entries_.size());
	while (entries_[at].cookie != 0 && entries_[at].cookie != cookie)
		at = (at + 1) & (entries_.size() - 1);
	return &entries_[at];
}

DumpBase::Entry DumpBase::see(uint64_t cookie, uint32_t deadline_ms)
{
	Slot *slot = entries_.empty() || cookie == 0 ? nullptr : find(cookie);
	if (slot == nullptr || slot->cookie == 0)
		return add(cookie, deadline_ms);
	const auto moved = static_cast<int32_t>(deadline_ms - slot->deadline_ms);
	const bool unchanged = slot->dump != 0 && std::abs(static_cast<int64_t>(moved)) <= kSameTimerMs;
	if (!unchanged)
		slot->deadline_ms = deadline_ms;
	slot->dump = dump_;
	return unchanged ? Entry::kUnchanged : Entry::kRemembered;
}

DumpBase::Entry DumpBase::add(uint64_t cookie, uint32_t deadline_ms)
{
	if (cookie == 0 || (is_full(used_ + 1, entries_.size()) && !make_room()))
		return Entry::kNoRoom;
	*find(cookie) = {cookie, deadline_ms, dump_};
	used_++;
	return Entry::kRemembered;
}

// No timer ends then. An entry may be doubted twice.
void DumpBase::doubt(uint64_t cookie, uint32_t now_ms)
{
	if (!entries_.empty() && cookie != 0)
		find(cookie)->deadline_ms = now_ms + kNeverMs;
}

void DumpBase::forget(uint64_t cookie)
{
	if (!entries_.empty() && cookie != 0)
		find(cookie)->dump = 0;
}

bool DumpBase::make_room()
{
	const size_t slots = std::max(kFirstSlots, entries_.size() * 2);
	if (slots > most_slots_)
		return false;
	rebuild(slots);
	return true;
}

void DumpBase::rebuild(size_t slots)
{
	std::vector<Slot> old(slots);
	old.swap(entries_);
	used_ = 0;
	for (const Slot &slot : old) {
		if (slot.dump == 0)
			continue;
		*find(slot.cookie) = slot;
		used_++;
	}
}

int DumpBase::end(const std::function<int(uint64_t cookie)> &visitor)
{
	size_t there = 0;
	for (Slot &slot : entries_) {
		const bool went = slot.dump != 0 && slot.dump != dump_;
		there += slot.dump == dump_;
		if (!went)
			continue;
		slot.dump = 0;
		if (const int error = visitor(slot.cookie))
			return error;
	}
	if (used_ - there > there / 4 + kFirstSlots)
		rebuild(slots_for(there, entries_.size()));
	return 0;
}
