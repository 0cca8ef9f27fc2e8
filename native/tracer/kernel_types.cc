// SPDX-License-Identifier: MIT
#include "native/tracer/kernel_types.h"

#include <cerrno>
#include <cstring>
#include "native/native_error.h"

KernelTypes::KernelTypes() : types_(btf__load_vmlinux_btf())
{
	if (!types_)
		throw NativeError("read the kernel's types", errno);
}

bool KernelTypes::has_tracepoint(const std::string &name) const
{
	return btf__find_by_name_kind(types_.get(), ("btf_trace_" + name).c_str(), BTF_KIND_TYPEDEF) > 0;
}

bool KernelTypes::has_socket_table() const
{
	return has_member("inet_hashinfo", "ehash") && has_member("inet_hashinfo", "ehash_mask") &&
	       has_member("inet_ehash_bucket", "chain") && has_member("sock_common", "skc_hash") &&
	       has_member("sock_common", "skc_nulls_node") && has_member("inet_timewait_sock", "tw_substate") &&
	       (has_member("inet_timewait_death_row", "hashinfo") || has_member("proto", "h"));
}

bool KernelTypes::has_member(const char *type, const char *member) const
{
	const int id = btf__find_by_name_kind(types_.get(), type, BTF_KIND_STRUCT);
	return id > 0 && has_member(btf__type_by_id(types_.get(), static_cast<uint32_t>(id)), member);
}

// Also inside anonymous structs and unions, as in C.
bool KernelTypes::has_member(const struct btf_type *type, const char *member) const
{
	const struct btf_member *members = btf_members(type);
	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		const char *name = btf__name_by_offset(types_.get(), members[i].name_off);
		if (strcmp(name, member) == 0)
			return true;
		const struct btf_type *inner = btf__type_by_id(types_.get(), members[i].type);
		if (name[0] == '\0' && btf_is_composite(inner) && has_member(inner, member))
			return true;
	}
	return false;
}
