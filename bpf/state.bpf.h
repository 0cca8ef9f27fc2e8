/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/* All state of the programs: maps, state per socket, process and call, counters. */
#ifndef PORTCHURN_STATE_BPF_H
#define PORTCHURN_STATE_BPF_H

#include "core_types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "tcp_event.h"
#include "tracer_config.h"

const volatile struct tracer_config config = {};
volatile struct tracer_control control SEC(".data.control") = {};

/*
 * The history of a connection so far. Cloned from the listener into each child, so that a child knows the listening process.
 */
struct socket_state {
	__u64 attempt_ns;     /* SYN_SENT; 0 inbound */
	__u64 established_ns; /* 0 not yet */
	__u32 owner;          /* process ids: see process_event.id */
	__u32 owner_tgid;
	__u32 closer;
	__u32 closer_tgid;
	__u32 attempt_tid;
	__u16 attempt_sport; /* before the attempt: a socket that is used again keeps its old one */
	__u16 attempt_num;
	__u32 connect_us;
	__u8 direction;
	__u8 flags; /* enum event_flags */
	__u8 last;  /* newest state that was handled; TCP_LISTEN in a child: cloned from its listener */
	/* transition_mark() of the transition that the first copy of the program handled and the second has not seen yet */
	__u8 handled;
	__u16 soft_err;  /* errno of the last ICMP answer to the attempt that did not end it */
	__u8 reset_sent; /* set only for the portable outcome */
	__u8 pad[5];
};

/* Inserted at a socket's first event, freed by the kernel with the socket. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct socket_state);
} sockets SEC(".maps");

/*
 * By socket cookie. A socket's storage is taken from its memory for options (net.core.optmem_max), which whoever owns the
 * socket can fill: with keys of TCP_MD5SIG without any privilege. The state of such a socket is kept here. Never deleted, so
 * that the twin finds its mark; the least recently used entry goes when the map is full.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SPARE_STATES_MAX);
	__type(key, __u64);
	__type(value, struct socket_state);
} spare_states SEC(".maps");

/* Announced for its child or for a descriptor: its own first call announces it again, in full. */
#define ANNOUNCED_AS_PARENT 1

struct process_state {
	__u32 id;
	__u32 announced; /* 0 never, ANNOUNCED_AS_PARENT, or self_exec_id of the announcement plus 2 */
};

/* On the thread-group leader; inserted at the process's first traced call, freed by the kernel with the task. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct process_state);
} processes SEC(".maps");

/* Control groups whose paths were sent, by process_event.cgroup_id; one that was forgotten is sent again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CGROUPS_SENT_MAX);
	__type(key, __u64);
	__type(value, __u8);
} cgroups_sent SEC(".maps");

/* A connect() or bind() that is running. */
struct call_state {
	__u64 address; /* user memory */
	__s32 fd;
	__u32 length;   /* of the address */
	__u8 pending;   /* a failure of this call is to be reported */
	__u8 attempted; /* it reached SYN_SENT: the state transitions report how it ends */
	__u8 pad[6];
};

/* On the calling thread; inserted at its first call, freed by the kernel with the task. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct call_state);
} calls SEC(".maps");

/* The only queue; user space drains it by a timer. Its size is set before load. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES_DEFAULT);
} events SEC(".maps");

/* The overflow counters. Inserted when the ring is full; user space empties the one whose turn is over: overflow.bpf.h. */
struct overflow_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, OVERFLOW_MAX);
	__type(key, struct overflow_key);
	__type(value, __u64);
};
struct overflow_map overflow_0 SEC(".maps");
struct overflow_map overflow_1 SEC(".maps");
volatile struct overflow_turn turn SEC(".data.turn") = {};
struct overflow_writers writers SEC(".data.writers") = {};

/*
 * By socket cookie. Inserted when the ring is full, for connections that stay open or leave a TIME_WAIT entry: socket dumps
 * show those, and have no owner for them. User space takes the entries out. They need memory only while events are being
 * lost.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LOST_OWNERS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct lost_owner);
} lost_owners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTER_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/* Filters, written by user space; an event must match each one that is not empty. The value is not read here. */
struct filter_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FILTER_MAX);
	__type(key, __u32);
	__type(value, __u8);
};
struct filter_map filter_tgids SEC(".maps");
struct filter_map filter_ports SEC(".maps");
struct filter_map filter_netns SEC(".maps"); /* by inode */
struct filter_map traced_tgids SEC(".maps");

/* Cookies of connections that a filtered or traced process accepted: accept() cannot reach the storage of their sockets. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, TRACED_SOCKETS_MAX);
	__type(key, __u64);
	__type(value, __u32); /* acceptor's tgid */
} accepted_sockets SEC(".maps");

struct process_ref {
	__u32 id; /* 0 unknown */
	__u32 tgid;
};

/*
 * Who has an MPTCP connection, by the address of its struct mptcp_sock. Inserted by the connect() or accept() that gives it to its
 * program, read for the subflows that the kernel opens later. Never deleted: a new connection at the same address is inserted anew.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MPTCP_OWNERS_MAX);
	__type(key, __u64);
	__type(value, struct process_ref);
} mptcp_owners SEC(".maps");

/*
 * Who accepted a connection whose handshake had not ended (a server of TCP_FASTOPEN), by the address of its struct sock: it has no
 * cookie yet. Inserted by that accept(), taken at the connection's next transition.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, EARLY_ACCEPTORS_MAX);
	__type(key, __u64);
	__type(value, struct process_ref);
} early_acceptors SEC(".maps");

__u32 next_process_id = 0;
/* Some state is in spare_states. Before that nobody looks there. */
__u32 spare_used = 0;
/* Some accept() came early. Before that nobody looks there. */
__u32 early_used = 0;

/* For a socket whose type the verifier knows. */
static __always_inline bool has_flag(struct sock *sk, int flag)
{
	return (sk->__sk_common.skc_flags >> flag) & 1;
}

static __always_inline void count(__u32 counter)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &counter);

	if (value)
		__sync_fetch_and_add(value, 1); /* a packet may interrupt */
}

static __always_inline void note_early_acceptor(struct sock *sk, struct process_ref *acceptor)
{
	__u64 address = (__u64)sk;

	early_used = 1;
	bpf_map_update_elem(&early_acceptors, &address, acceptor, BPF_ANY);
}

/* Of those who ask at the same time only one is given it. */
static __always_inline bool take_early_acceptor(struct sock *sk, struct process_ref *acceptor)
{
	__u64 address = (__u64)sk;
	struct process_ref *found = early_used ? bpf_map_lookup_elem(&early_acceptors, &address) : NULL;

	if (!found)
		return false;
	*acceptor = *found;
	return bpf_map_delete_elem(&early_acceptors, &address) == 0;
}

static __always_inline struct socket_state *spare_state_of(struct sock *sk)
{
	__u64 cookie = bpf_get_socket_cookie(sk);

	return bpf_map_lookup_elem(&spare_states, &cookie);
}

/* NULL: none of its transitions has been handled, or its entry in spare_states is gone. */
static __always_inline struct socket_state *state_of(struct sock *sk)
{
	struct socket_state *s = bpf_sk_storage_get(&sockets, sk, NULL, 0);

	return s || !spare_used ? s : spare_state_of(sk);
}

static __always_inline struct socket_state *make_spare_state(struct sock *sk)
{
	struct socket_state empty = {};
	struct socket_state *s;
	__u64 cookie = bpf_get_socket_cookie(sk);

	spare_used = 1;
	bpf_map_update_elem(&spare_states, &cookie, &empty, BPF_NOEXIST);
	s = bpf_map_lookup_elem(&spare_states, &cookie);
	count(s ? COUNTER_SPARE_STATES : COUNTER_STORAGE_FAILURES);
	return s;
}

/* NULL: there is no memory for it anywhere. */
static __always_inline struct socket_state *make_state(struct sock *sk)
{
	struct socket_state *s = bpf_sk_storage_get(&sockets, sk, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	return s ? s : make_spare_state(sk);
}

#endif
