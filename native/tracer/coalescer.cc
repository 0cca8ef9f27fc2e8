// SPDX-License-Identifier: MIT
#include "native/tracer/coalescer.h"

#include <algorithm>
#include "bpf/tcp_event.h"

namespace
{
// A power of two, twice the opens of a batch of 256 KiB. Opens beyond half of it are not coalesced.
constexpr size_t kSlots = 4096;

bool is_open(const struct tcp_event *event)
{
	return event->type == EVENT_ESTABLISHED || event->type == EVENT_ACCEPTED;
}

// A connection that is older than the tracer was not opened in this batch, although it may have been accepted in it.
bool may_coalesce(const struct tcp_event *closed)
{
	return (closed->flags & FLAG_PREEXISTING) == 0;
}

// A close has every field of its open except the acceptor.
void merge(struct tcp_event *open, const struct tcp_event *closed)
{
	const struct tcp_event opened = *open;
	*open = *closed;
	open->type = EVENT_COALESCED;
	if (opened.type != EVENT_ACCEPTED)
		return;
	open->owner = opened.owner;
	open->owner_tgid = opened.owner_tgid;
	open->flags &= static_cast<__u8>(~FLAG_OWNER_IS_LISTENER);
}
} // namespace

Coalescer::Coalescer() : opens_(kSlots) {}

void Coalescer::forget()
{
	used_ = 0;
	if (++era_ != 0)
		return;
	std::fill(opens_.begin(), opens_.end(), Open{});
	era_ = 1;
}

size_t Coalescer::first_slot(uint64_t cookie) const
{
	// The kernel assigns cookies in sequence per CPU, so their low bits are spread evenly.
	return static_cast<size_t>(cookie ^ (cookie >> 32)) & (kSlots - 1);
}

void Coalescer::remember(uint64_t cookie, size_t at)
{
	if (cookie == 0 || used_ >= kSlots / 2)
		return;
	size_t slot = first_slot(cookie);
	while (opens_[slot].era == era_ && opens_[slot].cookie != cookie)
		slot = (slot + 1) & (kSlots - 1);
	used_ += opens_[slot].era != era_;
	opens_[slot] = {cookie, static_cast<uint32_t>(at), era_};
}

const Coalescer::Open *Coalescer::find(uint64_t cookie) const
{
	for (size_t slot = first_slot(cookie); opens_[slot].era == era_; slot = (slot + 1) & (kSlots - 1))
		if (opens_[slot].cookie == cookie)
			return &opens_[slot];
	return nullptr;
}

/*
 * Nothing is coalesced across the record of a process: when a process exits or calls exec(), the opens before that record
 * and the closes after it must be counted in this order.
 */
bool Coalescer::coalesce(uint8_t *batch, size_t at)
{
	const auto *event = reinterpret_cast<const struct tcp_event *>(batch + at);
	if (event->type == EVENT_PROCESS || event->type == EVENT_PROCESS_EXIT)
		forget();
	else if (is_open(event))
		remember(event->cookie, at);
	if (event->type != EVENT_CLOSED || !may_coalesce(event))
		return false;
	const Open *place = find(event->cookie);
	auto *open = place ? reinterpret_cast<struct tcp_event *>(batch + place->at) : nullptr;
	// Not open: coalesced already. A socket can be used again, and its next open may have had no room in the ring.
	if (!open || !is_open(open))
		return false;
	merge(open, event);
	return true;
}
