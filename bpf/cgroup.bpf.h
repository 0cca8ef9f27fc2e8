/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * The control group of a process, with its path: what lives 200 ms is gone before anybody reads the tree. Sent once per group.
 */
#ifndef PORTCHURN_CGROUP_BPF_H
#define PORTCHURN_CGROUP_BPF_H

#include "state.bpf.h"

#define CGROUP_DEPTH_MAX 10
#define CGROUP_NAME_MAX 128

static __always_inline struct kernfs_node *parent_of(struct kernfs_node *node)
{
	struct kernfs_node___renamed *renamed = (void *)node;

	if (bpf_core_field_exists(renamed->__parent))
		return BPF_CORE_READ(renamed, __parent);
	return BPF_CORE_READ(node, parent);
}

/* In a hierarchy of version 1. */
static __always_inline struct kernfs_node *memory_group_of(struct css_set *set)
{
	struct cgroup_subsys_state *state = NULL;
	__u32 at;

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return NULL;
	at = bpf_core_field_offset(struct css_set, subsys) +
	     bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id) * sizeof(state);
	if (bpf_probe_read_kernel(&state, sizeof(state), (char *)set + at))
		return NULL;
	return BPF_CORE_READ(state, cgroup, kn);
}

/*
 * Its group in the unified hierarchy, if that is not the root: a runtime may use version 1 only. `id`: what events call it.
 */
static __always_inline struct kernfs_node *group_of(struct task_struct *leader, __u64 *id)
{
	struct css_set *set = BPF_CORE_READ(leader, cgroups);
	struct kernfs_node *unified = BPF_CORE_READ(set, dfl_cgrp, kn);
	struct kernfs_node *memory;

	*id = BPF_CORE_READ(unified, id);
	if (parent_of(unified))
		return unified;
	memory = memory_group_of(set);
	if (!memory || !parent_of(memory))
		return unified;
	*id = BPF_CORE_READ(memory, id) | CGROUP_OF_V1;
	return memory;
}

/* Stores the names up to the root. A global function: see read_exe(). */
__noinline int read_path(struct cgroup_event *e, __u64 group)
{
	struct kernfs_node *node = (struct kernfs_node *)group;
	__u32 used = 0;

	if (!e)
		return 0;
	for (int i = 0; i < CGROUP_DEPTH_MAX; i++) {
		struct kernfs_node *parent = parent_of(node);
		int length;

		if (!parent)
			return 0;
		if (used > CGROUP_PATH_LEN - CGROUP_NAME_MAX)
			break;
		length = bpf_probe_read_kernel_str(&e->path[used], CGROUP_NAME_MAX, BPF_CORE_READ(node, name));
		/* A name that fills its room was cut. */
		if (length <= 0 || length >= CGROUP_NAME_MAX)
			break;
		used += length;
		e->path_len = used;
		node = parent;
	}
	e->cut = 1;
	return 0;
}

/* The id of its group; sends the path when it is new. A lost one is sent with the next process of the group. */
static __always_inline __u64 announce_group(struct task_struct *leader)
{
	struct cgroup_event *e;
	__u8 sent = 1;
	__u64 id;
	struct kernfs_node *group = group_of(leader, &id);

	if (!group || bpf_map_lookup_elem(&cgroups_sent, &id))
		return id;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e)
		return id;
	e->type = EVENT_CGROUP;
	e->size = sizeof(*e);
	e->path_len = 0;
	e->cut = 0;
	e->time_ns = bpf_ktime_get_ns();
	e->cgroup_id = id;
	read_path(e, (__u64)group);
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	bpf_map_update_elem(&cgroups_sent, &id, &sent, BPF_ANY);
	return id;
}

#endif
