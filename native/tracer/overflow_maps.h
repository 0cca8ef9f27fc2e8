// SPDX-License-Identifier: MIT
// The overflow counters (bpf/overflow.bpf.h): gives the turn to one map and empties the other, so that no event is counted twice
// or not at all, however many programs count at that moment. For one thread, JavaScript's; holds no lock. Throws NativeError.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>
#include "bpf/tcp_event.h"
#include "bpf/tracer_config.h"
#include "native/tracer/bpf_programs.h"

class OverflowMaps
{
public:
	explicit OverflowMaps(const BpfPrograms &programs) : programs_(programs) {}
	// Each is an overflow_key and a u64. The buffer has room for OVERFLOW_MAX of them. 0: there are none, or a program is still
	// writing: the next call takes them.
	size_t take(uint8_t *buffer, size_t size);

private:
	void change_turn();
	bool left_by_all(uint32_t which) const;
	bool wait_for_writers(uint32_t which) const;
	uint32_t empty(uint32_t which);

	const BpfPrograms &programs_;
	struct overflow_turn turn_ = {};
	// The map whose turn is over may still hold some.
	bool pending_ = false;
	// Scratch for empty().
	std::vector<struct overflow_key> keys_;
	std::vector<uint64_t> values_;
};
