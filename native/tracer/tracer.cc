// SPDX-License-Identifier: MIT
#include "native/tracer/tracer.h"

#include <bpf/bpf.h>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <unistd.h>
#include "bpf/tcp_event.h"
#include "native/native_error.h"

namespace
{
// Listeners first: see bpf/seed.bpf.h.
constexpr const char *kSeedIterators[] = {"seed_listeners", "seed_connections"};
constexpr size_t kLargestRecord = sizeof(struct process_event);
} // namespace

Tracer::Tracer(const TracerOptions &options)
	: programs_(options), filters_(programs_), overflow_(programs_),
	  ring_(programs_.map_fd("events"), programs_.ring_bytes())
{
}

size_t Tracer::drain(uint8_t *buffer, size_t size, bool coalesce)
{
	if (size < kLargestRecord)
		throw NativeError("drain into a buffer smaller than one record", EINVAL);
	if (reinterpret_cast<uintptr_t>(buffer) % alignof(struct tcp_event) != 0)
		throw NativeError("drain into a buffer that is not aligned", EINVAL);
	coalescer_.begin();
	return ring_.drain(buffer, size, kLargestRecord, coalesce ? &coalescer_ : nullptr);
}

size_t Tracer::take_lost_owners(uint8_t *buffer, size_t size)
{
	auto count = static_cast<uint32_t>(size / sizeof(struct lost_owner));
	uint32_t next_bucket = 0;
	cookies_.resize(count);
	const int error = bpf_map_lookup_and_delete_batch(programs_.map_fd("lost_owners"), nullptr, &next_bucket,
							  cookies_.data(), buffer, &count, nullptr);
	if (error != 0 && error != -ENOENT) // -ENOENT: the end of the map
		throw NativeError("take the owners of lost events", -error);
	return count * sizeof(struct lost_owner);
}

// The kernel returns whole records as long as the buffer is at least as large as its own (32 KiB).
size_t Tracer::seeds(uint8_t *buffer, size_t size)
{
	while (iterators_begun_ < std::size(kSeedIterators) || iterator_) {
		if (!iterator_)
			iterator_ = programs_.open_iterator(kSeedIterators[iterators_begun_++]);
		const ssize_t bytes = read(iterator_.get(), buffer, size - size % sizeof(struct tcp_event));
		if (bytes < 0 && errno != EAGAIN)
			throw NativeError("read the sockets that are open", errno);
		if (bytes > 0)
			return static_cast<size_t>(bytes);
		if (bytes == 0)
			iterator_ = UniqueFd();
	}
	return 0;
}

TracerStats Tracer::stats() const
{
	TracerStats stats = {};
	std::vector<uint64_t> values(static_cast<size_t>(libbpf_num_possible_cpus()));
	const int fd = programs_.map_fd("counters");
	for (uint32_t i = 0; i < COUNTER_COUNT; i++) {
		check(bpf_map_lookup_elem(fd, &i, values.data()), "read the counters");
		for (const uint64_t value : values)
			stats.counters[i] += value;
	}
	return stats;
}
