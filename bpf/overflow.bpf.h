/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * The overflow counters: two maps that take turns, so that user space can empty one while the programs write to the other. In:
 * the kind of an event. Out: it is counted once, by kind or in COUNTER_OVERFLOW_FULL.
 *
 * A program says where it writes before it looks whose turn it is, and user space changes the turn before it looks who writes. So
 * one of the two sees the other: either the program goes to the other map, or user space waits until it has left. Both need the
 * order of these accesses: a read-modify-write that returns the old value is a full barrier.
 */
#ifndef PORTCHURN_OVERFLOW_BPF_H
#define PORTCHURN_OVERFLOW_BPF_H

#include "state.bpf.h"

/* The turn changes once per drain at most: a program that met four changes while it tried gives up. */
#define TURN_TRIES 4
#define NO_TURN 2

/* The result is used, else the compiler would take an instruction that orders nothing. */
static __always_inline void add_writer(__u32 which, __u32 by)
{
	__u32 before = __sync_fetch_and_add(&writers.in[which & 1], by);

	asm volatile("" : "+r"(before));
}

/* The map to write to, until leave_overflow(); NO_TURN: the turn never stood still. */
static __always_inline __u32 enter_overflow(void)
{
	for (int i = 0; i < TURN_TRIES; i++) {
		__u32 which = turn.active & 1;

		add_writer(which, 1);
		if ((turn.active & 1) == which)
			return which;
		add_writer(which, -1);
	}
	return NO_TURN;
}

static __always_inline void leave_overflow(__u32 which)
{
	add_writer(which, -1);
}

static __always_inline bool add_one(void *map, struct overflow_key *key)
{
	__u64 *value = bpf_map_lookup_elem(map, key);

	if (value)
		__sync_fetch_and_add(value, 1);
	return value != NULL;
}

/* False: the map is full. */
static __always_inline bool count_in(void *map, struct overflow_key *key)
{
	__u64 one = 1;

	/* The last: another CPU was first with this key. */
	return add_one(map, key) || bpf_map_update_elem(map, key, &one, BPF_NOEXIST) == 0 || add_one(map, key);
}

static __always_inline void count_by_kind(struct overflow_key *key)
{
	__u32 which = enter_overflow();

	if (which == NO_TURN) {
		count(COUNTER_OVERFLOW_FULL);
		return;
	}
	if (!(which ? count_in(&overflow_1, key) : count_in(&overflow_0, key)))
		count(COUNTER_OVERFLOW_FULL);
	leave_overflow(which);
}

#endif
