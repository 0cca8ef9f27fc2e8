// SPDX-License-Identifier: MIT
// The loaded BPF object: load, attach, drain, filters, counters. Used by one thread, JavaScript's; holds no lock.
#pragma once
#include <bpf/libbpf.h>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>
#include "bpf/tracer_config.h"
#include "native/tracer/event_ring.h"
#include "native/tracer/kernel_types.h"
#include "native/unique_fd.h"

struct TracerOptions {
	uint32_t ring_bytes;
	bool syscalls;
	// Judge closes without walking the kernel's table of sockets.
	bool portable_outcome;
};

struct TracerStats {
	uint64_t counters[COUNTER_COUNT];
};

struct KernelFilter {
	std::vector<uint32_t> tgids, ports, netns;
};

// Every function throws BpfError.
class Tracer
{
public:
	explicit Tracer(const TracerOptions &options);
	void attach();
	// `join`: see coalescer.h. The buffer is aligned as its records are.
	size_t drain(uint8_t *buffer, size_t size, bool coalesce);
	size_t overflow_counters(uint8_t *buffer, size_t size) const;
	// Takes owners of lost events out of the kernel, as records of lost_owner.
	size_t take_lost_owners(uint8_t *buffer, size_t size);
	// Sockets that were open before attach(), as EVENT_SEED records; 0: no more.
	size_t seeds(uint8_t *buffer, size_t size);
	TracerStats stats() const;
	// Closes are judged by walking the kernel's table of sockets.
	bool walks() const { return walks_; }
	// Sections of the programs that attach() and seeds() hang up: "tp_btf/inet_sock_set_state"; one may come twice.
	std::vector<std::string> hooks() const;
	void set_filter(const KernelFilter &filter);
	void set_traced(const std::vector<uint32_t> &tgids);

private:
	struct Free {
		void operator()(struct bpf_object *object) const { bpf_object__close(object); }
		void operator()(struct bpf_link *link) const { bpf_link__destroy(link); }
	};
	void configure();
	bool is_wanted(const struct bpf_program *program, const KernelTypes &types) const;
	int map_fd(const char *name) const;
	uint32_t ring_bytes() const;
	void attach_program(struct bpf_program *program);
	void replace(const char *map, const std::vector<uint32_t> &keys);
	void write_control();
	void open_iterator(const char *name);

	TracerOptions options_;
	bool walks_ = false;
	struct tracer_control control_ = {};
	UniqueFd iterator_;
	size_t iterators_begun_ = 0;
	std::vector<uint64_t> cookies_;
	std::unique_ptr<struct bpf_object, Free> object_;
	std::unique_ptr<EventRing> ring_;
	Coalescer coalescer_;
	std::vector<std::unique_ptr<struct bpf_link, Free>> links_;
};
