// SPDX-License-Identifier: MIT
// The tracer: copies the events and counters of the BPF programs into the caller's buffers, and sets their filters. It keeps
// nothing from one batch to the next: all counts are kept in the kernel. For one thread, JavaScript's; holds no lock.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>
#include "bpf/tracer_config.h"
#include "native/tracer/bpf_programs.h"
#include "native/tracer/coalescer.h"
#include "native/tracer/event_ring.h"
#include "native/tracer/filters.h"
#include "native/tracer/overflow_maps.h"
#include "native/unique_fd.h"

// Since load, summed over the CPUs; by enum tracer_counter.
struct TracerStats {
	uint64_t counters[COUNTER_COUNT];
};

// Every function throws NativeError. Those that take a buffer write whole records and return their bytes.
class Tracer
{
public:
	explicit Tracer(const TracerOptions &options);
	void attach() { programs_.attach(); }
	// Events of the ring; 0: it is empty. `coalesce`: see coalescer.h. The buffer is aligned as its records are.
	size_t drain(uint8_t *buffer, size_t size, bool coalesce);
	// Takes the overflow counters out of the kernel: see overflow_maps.h.
	size_t take_overflow_counters(uint8_t *buffer, size_t size) { return overflow_.take(buffer, size); }
	// Takes the owners of lost events out of the kernel, as records of lost_owner.
	size_t take_lost_owners(uint8_t *buffer, size_t size);
	// Sockets that were open before attach(), as EVENT_SEED records; 0: no more.
	size_t seeds(uint8_t *buffer, size_t size);
	TracerStats stats() const;
	bool walks() const { return programs_.walks(); }
	std::vector<std::string> hooks() const { return programs_.hooks(); }
	void set_filter(const KernelFilter &filter) { filters_.set_filter(filter); }
	void set_traced(const std::vector<uint32_t> &tgids) { filters_.set_traced(tgids); }

private:
	BpfPrograms programs_;
	Filters filters_;
	OverflowMaps overflow_;
	EventRing ring_;
	Coalescer coalescer_;
	UniqueFd iterator_;
	size_t iterators_begun_ = 0;
	// Scratch for take_lost_owners(): the kernel writes the keys here, which the records repeat.
	std::vector<uint64_t> cookies_;
};
