// SPDX-License-Identifier: MIT
// Writes the filters that the BPF programs apply (bpf/emit.bpf.h): the maps of keys, and in .data.control how many each
// holds. For one thread, JavaScript's; holds no lock. Every function throws NativeError.
#pragma once
#include <cstdint>
#include <vector>
#include "bpf/tracer_config.h"
#include "native/tracer/bpf_programs.h"

// An empty list does not restrict; an event must match each of the others.
struct KernelFilter {
	std::vector<uint32_t> tgids, ports, netns;
};

class Filters
{
public:
	explicit Filters(const BpfPrograms &programs) : programs_(programs) {}
	void set_filter(const KernelFilter &filter);
	void set_traced(const std::vector<uint32_t> &tgids);

private:
	void replace(const char *map, const std::vector<uint32_t> &keys);
	void write_control();

	const BpfPrograms &programs_;
	struct tracer_control control_ = {};
};
