/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What user space sets for the programs: constants fixed at load (struct tracer_config) and switches that change while they
 * run (struct tracer_control). What it reads back: the counters (enum tracer_counter). Compiled into both bpf/ and native/.
 */
#ifndef PORTCHURN_TRACER_CONFIG_H
#define PORTCHURN_TRACER_CONFIG_H

#ifndef __BPF__
#include <linux/types.h>
#endif

/* Written once into .rodata before load: the verifier removes the code that is switched off. */
struct tracer_config {
	__u32 hz; /* jiffies per second */
	/* System calls are traced. Without them no accept() is seen, so EVENT_ESTABLISHED reports an inbound connection, and
	 * calls that fail before SYN_SENT are not reported. */
	__u32 syscalls;
	__u32 walk; /* the kernel's table of sockets can be read: close_outcome.bpf.h; else portable_outcome.bpf.h */
};

/* The map .data.control: the number of entries in each filter map; 0 lets every event pass without a look-up. */
struct tracer_control {
	__u32 filter_tgids;
	__u32 filter_ports;
	__u32 filter_netns;
	__u32 traced;
};

/* The map .data.turn, written by user space alone: which of the two maps of overflow counters the programs write to. */
struct overflow_turn {
	__u32 active; /* 0 or 1 */
};

/* The map .data.writers, written by the programs alone: how many of them are at work in each map of overflow counters. */
struct overflow_writers {
	__u32 in[2];
};

/* Index into the per-CPU array `counters`, u64 each, cumulative. */
enum tracer_counter {
	COUNTER_EVENTS = 0,           /* written to the ring */
	COUNTER_RING_LOST = 1,        /* connection events with no room in the ring: in a map of overflow counters */
	COUNTER_OVERFLOW_FULL = 2,    /* of those, the ones that the map had no room for either */
	COUNTER_STORAGE_FAILURES = 3, /* transitions and calls not reported: no local storage for socket or thread */
	COUNTER_IDENTITY_LOST = 4,    /* processes not announced, older sockets without owner: no room or no memory */
	COUNTER_GAPS = 5,             /* in the states of sockets: transitions for which no copy of the program ran */
	COUNTER_SPARE_STATES = 6,     /* sockets without local storage, whose state is in the map `spare_states` */
	COUNTER_COUNT = 7,
};

#define FILTER_MAX 1024
#define SPARE_STATES_MAX 16384
#define MPTCP_OWNERS_MAX 16384
#define EARLY_ACCEPTORS_MAX 4096
#define CGROUPS_SENT_MAX 4096
#define OVERFLOW_MAX 8192 /* of each of the two maps */
#define LOST_OWNERS_MAX 262144
#define TRACED_SOCKETS_MAX 65536
#define RING_BYTES_DEFAULT (16 * 1024 * 1024)

#endif
