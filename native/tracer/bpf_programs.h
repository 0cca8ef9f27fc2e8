// SPDX-License-Identifier: MIT
// The embedded BPF object: chooses the programs that this kernel can run, loads them, attaches them, finds their maps.
// For one thread, JavaScript's; holds no lock. Every function throws NativeError.
#pragma once
#include <bpf/libbpf.h>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>
#include "native/tracer/kernel_types.h"
#include "native/unique_fd.h"

// Fixed when the programs are loaded.
struct TracerOptions {
	uint32_t ring_bytes;
	bool syscalls;
	// Judge closes without walking the kernel's table of sockets.
	bool portable_outcome;
};

class BpfPrograms
{
public:
	// Loads the programs; none runs before attach().
	explicit BpfPrograms(const TracerOptions &options);
	// Attaches all but the iterators.
	void attach();
	// Opens an iterator to read from: it runs while it is read.
	UniqueFd open_iterator(const char *name) const;
	int map_fd(const char *name) const;
	// The real size of the ring buffer: libbpf rounds the requested size up to a power of two.
	uint32_t ring_bytes() const;
	// Closes are judged by walking the kernel's table of sockets.
	bool walks() const { return walks_; }
	// Sections of the programs that are loaded: "tp_btf/inet_sock_set_state"; one may come twice.
	std::vector<std::string> hooks() const;

private:
	struct Free {
		void operator()(struct bpf_object *object) const { bpf_object__close(object); }
		void operator()(struct bpf_link *link) const { bpf_link__destroy(link); }
	};
	void configure(const TracerOptions &options);
	bool is_wanted(const struct bpf_program *program, bool syscalls, const KernelTypes &types) const;
	void attach_program(struct bpf_program *program);

	bool walks_ = false;
	std::unique_ptr<struct bpf_object, Free> object_;
	std::vector<std::unique_ptr<struct bpf_link, Free>> links_;
};
