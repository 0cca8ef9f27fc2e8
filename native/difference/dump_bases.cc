// SPDX-License-Identifier: MIT
#include "native/difference/dump_bases.h"

#include <utility>

bool DumpBases::take(uint64_t netns_cookie, uint32_t generation, DumpBase &base)
{
	const auto found = kept_.find(netns_cookie);
	if (found == kept_.end())
		return false;
	const bool agreed = found->second.generation == generation;
	slots_ -= found->second.base.slots();
	if (agreed)
		base = std::move(found->second.base);
	kept_.erase(found);
	return agreed;
}

uint32_t DumpBases::put(uint64_t netns_cookie, DumpBase &&base, Clock::time_point now)
{
	if (kept_.size() >= kNamespaces)
		return 0;
	if (++generation_ == 0)
		generation_ = 1;
	slots_ += base.slots();
	kept_.insert_or_assign(netns_cookie, Kept{std::move(base), generation_, now});
	return generation_;
}

void DumpBases::drop_unused(Clock::time_point since)
{
	for (auto it = kept_.begin(); it != kept_.end();) {
		const bool unused = it->second.used < since;
		slots_ -= unused ? it->second.base.slots() : 0;
		it = unused ? kept_.erase(it) : std::next(it);
	}
}
