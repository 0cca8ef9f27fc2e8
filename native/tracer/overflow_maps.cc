// SPDX-License-Identifier: MIT
#include "native/tracer/overflow_maps.h"

#include <atomic>
#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>
#include <unistd.h>
#include "native/native_error.h"

namespace
{
constexpr const char *kMaps[] = {"overflow_0", "overflow_1"};
constexpr size_t kEntry = sizeof(struct overflow_key) + sizeof(uint64_t);
// A program writes for less than a microsecond, unless its processor is taken away from it.
constexpr int kLooks = 200;
constexpr useconds_t kPauseUs = 50;
} // namespace

size_t OverflowMaps::take(uint8_t *buffer, size_t size)
{
	if (size < OVERFLOW_MAX * kEntry)
		throw NativeError("take the overflow counters into a buffer that cannot hold all", EINVAL);
	if (!pending_)
		change_turn();
	const uint32_t over = turn_.active ^ 1;
	pending_ = !wait_for_writers(over);
	if (pending_)
		return 0;
	const uint32_t count = empty(over);
	for (uint32_t i = 0; i < count; i++) {
		memcpy(buffer + i * kEntry, &keys_[i], sizeof(keys_[i]));
		memcpy(buffer + i * kEntry + sizeof(keys_[i]), &values_[i], sizeof(values_[i]));
	}
	return count * kEntry;
}

void OverflowMaps::change_turn()
{
	const uint32_t key = 0;
	turn_.active ^= 1;
	check(bpf_map_update_elem(programs_.map_fd(".data.turn"), &key, &turn_, BPF_ANY), "change the overflow map");
	// Before it is looked who writes: see bpf/overflow.bpf.h.
	std::atomic_thread_fence(std::memory_order_seq_cst);
}

bool OverflowMaps::left_by_all(uint32_t which) const
{
	const uint32_t key = 0;
	struct overflow_writers writers = {};
	check(bpf_map_lookup_elem(programs_.map_fd(".data.writers"), &key, &writers), "see who counts overflow");
	std::atomic_thread_fence(std::memory_order_seq_cst);
	return writers.in[which] == 0;
}

bool OverflowMaps::wait_for_writers(uint32_t which) const
{
	for (int i = 0; i < kLooks; i++) {
		if (left_by_all(which))
			return true;
		usleep(kPauseUs);
	}
	return false;
}

uint32_t OverflowMaps::empty(uint32_t which)
{
	uint32_t count = OVERFLOW_MAX;
	uint32_t next_bucket = 0;
	keys_.resize(OVERFLOW_MAX);
	values_.resize(OVERFLOW_MAX);
	const int error = bpf_map_lookup_and_delete_batch(programs_.map_fd(kMaps[which]), nullptr, &next_bucket,
							  keys_.data(), values_.data(), &count, nullptr);
	if (error != 0 && error != -ENOENT) // -ENOENT: the end of the map
		throw NativeError("take the overflow counters", -error);
	return count;
}
