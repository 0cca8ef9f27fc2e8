// SPDX-License-Identifier: MIT
#include "native/tracer/filters.h"

#include <bpf/bpf.h>
#include "native/native_error.h"

// New keys are added before old ones are removed: a key that stays listed is never absent.
void Filters::replace(const char *map, const std::vector<uint32_t> &keys)
{
	const int fd = programs_.map_fd(map);
	const uint8_t present = 1, stale = 0;
	std::vector<uint32_t> old;
	uint32_t key, next;
	for (const uint32_t *at = nullptr; bpf_map_get_next_key(fd, at, &next) == 0; at = &key) {
		key = next;
		old.push_back(key);
		check(bpf_map_update_elem(fd, &key, &stale, BPF_EXIST), "update a filter");
	}
	for (const uint32_t wanted : keys)
		check(bpf_map_update_elem(fd, &wanted, &present, BPF_ANY), "update a filter");
	for (const uint32_t listed : old) {
		uint8_t value = stale;
		if (bpf_map_lookup_elem(fd, &listed, &value) == 0 && value == stale)
			bpf_map_delete_elem(fd, &listed);
	}
}

void Filters::write_control()
{
	const uint32_t key = 0;
	check(bpf_map_update_elem(programs_.map_fd(".data.control"), &key, &control_, BPF_ANY), "switch a filter");
}

void Filters::set_filter(const KernelFilter &filter)
{
	replace("filter_tgids", filter.tgids);
	replace("filter_ports", filter.ports);
	replace("filter_netns", filter.netns);
	control_.filter_tgids = static_cast<uint32_t>(filter.tgids.size());
	control_.filter_ports = static_cast<uint32_t>(filter.ports.size());
	control_.filter_netns = static_cast<uint32_t>(filter.netns.size());
	write_control();
}

void Filters::set_traced(const std::vector<uint32_t> &tgids)
{
	replace("traced_tgids", tgids);
	control_.traced = static_cast<uint32_t>(tgids.size());
	write_control();
}
