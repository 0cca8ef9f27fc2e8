// SPDX-License-Identifier: MIT
// Answers from the types of the running kernel (BTF) which features it has. Its version would not do, since distributions
// port features back. The constructor reads some MiB: an object should be kept no longer than needed.
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
	// The table of sockets can be found and walked in the way of bpf/close_outcome.bpf.h.
	bool has_socket_table() const;

private:
	struct Free {
		void operator()(struct btf *types) const { btf__free(types); }
	};
	bool has_member(const char *type, const char *member) const;
	bool has_member(const struct btf_type *type, const char *member) const;

	std::unique_ptr<struct btf, Free> types_;
};
