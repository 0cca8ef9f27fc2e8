// SPDX-License-Identifier: MIT
#include "native/tracer/coalescer.h"

#include <algorithm>
#include "bpf/tcp_event.h"

namespace
{
// A power of two, twice the opens of a batch of 256 KiB; what is beyond half of it is told as it came.
constexpr size_t kSlots = 4096;

bool is_open(const struct tcp_event *event)
{
	return event->type == EVENT_ESTABLISHED || event->type == EVENT_ACCEPTED;
}

// One that is older than the tracer is no life that we saw, though it may have been accepted just now.
bool may_join(const struct tcp_event *closed)
{
	return (closed->flags & FLAG_PREEXISTING) == 0;
}

// A close says all that its open said, but for who accepted.
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

size_t Coalescer::home(uint64_t cookie) const
{
	// Cookies are handed out in sequence per CPU: the low bits spread them.
	return static_cast<size_t>(cookie ^ (cookie >> 32)) & (kSlots - 1);
}

void Coalescer::remember(uint64_t cookie, size_t at)
{
	if (cookie == 0 || used_ >= kSlots / 2)
		return;
	size_t slot = home(cookie);
	while (opens_[slot].era == era_ && opens_[slot].cookie != cookie)
		slot = (slot + 1) & (kSlots - 1);
	used_ += opens_[slot].era != era_;
	opens_[slot] = {cookie, static_cast<uint32_t>(at), era_};
}

const Coalescer::Open *Coalescer::find(uint64_t cookie) const
{
	for (size_t slot = home(cookie); opens_[slot].era == era_; slot = (slot + 1) & (kSlots - 1))
		if (opens_[slot].cookie == cookie)
			return &opens_[slot];
	return nullptr;
}

/*
 * Nothing is joined across a process's record: a process that exits, or calls exec(), has the opens before it and the closes
 * after it counted in that order.
 */
bool Coalescer::coalesce(uint8_t *batch, size_t at)
{
	const auto *event = reinterpret_cast<const struct tcp_event *>(batch + at);
	if (event->type == EVENT_PROCESS || event->type == EVENT_PROCESS_EXIT)
		forget();
	else if (is_open(event))
		remember(event->cookie, at);
	if (event->type != EVENT_CLOSED || !may_join(event))
		return false;
	const Open *place = find(event->cookie);
	auto *open = place ? reinterpret_cast<struct tcp_event *>(batch + place->at) : nullptr;
	// Joined already: a socket can be used again, and its next open may have had no room in the ring.
	if (!open || !is_open(open))
		return false;
	merge(open, event);
	return true;
}
