/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What user space tells the programs: constants fixed at load (struct tracer_config), switches changed while running
 * (struct tracer_control) and the counters they give back (enum tracer_counter). Shared by bpf/ and native/.
 */
#ifndef PORTCHURN_TRACER_CONFIG_H
#define PORTCHURN_TRACER_CONFIG_H

#ifndef __BPF__
#include <linux/types.h>
#endif

/* Written once into .rodata before load: the verifier removes what is switched off. */
struct tracer_config {
	__u32 hz;       /* jiffies per second */
	__u32 syscalls; /* system calls are traced. Without them nobody reports an accept(), so an inbound connection is told
			   by its EVENT_ESTABLISHED, and calls that fail before there is a connection are not told */
	__u32 walk; /* the kernel's table of sockets can be read: close_outcome.bpf.h; else portable_outcome.bpf.h */
};

/* The map .data.control: how many entries each filter map holds; 0 lets everything pass without a look-up. */
struct tracer_control {
	__u32 filter_tgids;
	__u32 filter_ports;
	__u32 filter_netns;
	__u32 traced;
};

/* Index into the per-CPU array `counters`, u64 each, cumulative. */
enum tracer_counter {
	COUNTER_EVENTS = 0,           /* written to the ring */
	COUNTER_RING_LOST = 1,        /* connection events with no room in the ring: folded */
	COUNTER_OVERFLOW_FULL = 2,    /* of those, not even folded */
	COUNTER_STORAGE_FAILURES = 3, /* transitions and calls whose socket or thread got no local storage: not told */
	COUNTER_IDENTITY_LOST = 4,    /* processes and older sockets whose owner is untold: no room or memory */
	COUNTER_GAPS = 5,             /* in a socket's states: transitions that no copy of the program was shown */
	COUNTER_COUNT = 6,
};

#define FILTER_MAX 1024
#define OVERFLOW_MAX 8192
#define LOST_OWNERS_MAX 262144
#define TRACED_SOCKETS_MAX 65536
#define RING_BYTES_DEFAULT (16 * 1024 * 1024)

#endif
