// SPDX-License-Identifier: MIT
#include "native/difference/difference_writer.h"

namespace
{
constexpr uint8_t kTimeWait = 6;
constexpr uint8_t kTimerTimeWait = 3;
} // namespace

void DifferenceWriter::begin(uint64_t netns_cookie, uint64_t started_ns, const Agreement &agreement)
{
	keeps_ = agreement.wanted && netns_cookie != 0;
	if (!keeps_)
		return;
	netns_cookie_ = netns_cookie;
	started_ms_ = static_cast<uint32_t>(started_ns / 1'000'000);
	if (bases_.take(netns_cookie, agreement.generation, base_))
		base_generation_ = agreement.generation;
	for (const uint64_t cookie : agreement.again)
		base_.doubt(cookie, started_ms_);
	base_.begin(bases_.free_slots());
}

// Only a TIME_WAIT entry can stay as it is; one whose timer is late may go at any moment, and its end is not known.
bool DifferenceWriter::may_leave_out(struct dump_socket &record)
{
	if (!keeps_ || record.state != kTimeWait || record.timer != kTimerTimeWait)
		return false;
	if (record.expires_ms == 0) {
		base_.forget(record.cookie);
		return false;
	}
	const auto seen = base_.see(record.cookie, started_ms_ + record.expires_ms);
	if (seen == DumpBase::Entry::kRemembered)
		record.flags |= DUMP_SOCKET_KEPT;
	return seen == DumpBase::Entry::kUnchanged;
}

int DifferenceWriter::add(struct dump_socket &record)
{
	if (may_leave_out(record)) {
		unchanged_++;
		return 0;
	}
	const int error = writer_.add(&record, sizeof(record));
	sockets_ += error == 0;
	return error;
}

int DifferenceWriter::finish()
{
	if (!keeps_)
		return 0;
	const int error = base_.end([this](uint64_t cookie) {
		struct dump_gone gone = {};
		gone.type = DUMP_GONE;
		gone.size = sizeof(gone);
		gone.cookie = cookie;
		return writer_.add(&gone, sizeof(gone));
	});
	if (error == 0)
		generation_ = bases_.put(netns_cookie_, std::move(base_), DumpBases::Clock::now());
	return error;
}
