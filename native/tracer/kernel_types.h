// SPDX-License-Identifier: MIT
// What the running kernel's types say of it: asked instead of its version, which distributions change at will. Reads them
// when made, some MiB, so keep one no longer than needed. Called by Tracer.
#pragma once
#include <bpf/btf.h>
#include <memory>
#include <string>

class KernelTypes
{
public:
	// Throws NativeError: the kernel has no BTF, or it cannot be read.
	KernelTypes();
	bool has_tracepoint(const std::string &name) const;
	// The table of sockets can be found and walked as bpf/close_outcome.bpf.h does.
	bool has_socket_table() const;

private:
	struct Free {
		void operator()(struct btf *types) const { btf__free(types); }
	};
	bool has_member(const char *type, const char *member) const;
	bool has_member(const struct btf_type *type, const char *member) const;

	std::unique_ptr<struct btf, Free> types_;
};
