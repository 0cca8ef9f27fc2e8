/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * In: a socket and the facts of one event. Out: one record in the ring when the filters let it pass; when the ring is full,
 * one overflow counter, and the owner in the map `lost_owners`.
 */
#ifndef PORTCHURN_EMIT_BPF_H
#define PORTCHURN_EMIT_BPF_H

#include <bpf/bpf_endian.h>
#include "overflow.bpf.h"
#include "sock_view.bpf.h"

/* The address argument of a system call. */
struct named_address {
	__u8 address[16];
	__u16 port; /* host byte order */
};

/* Which end of the connection the named address is; the socket itself has the other. */
enum named { NAMED_NONE, NAMED_REMOTE, NAMED_LOCAL };

/* The fields of an event that are not read from its socket. */
struct event_facts {
	__u64 cookie;
	__u64 now;
	__u64 duration_ns;
	__u32 owner;
	__u32 owner_tgid;
	__u32 closer;
	__u32 closer_tgid;
	__u32 connect_us;
	__u32 tw_lifetime_ms;
	__u16 err;
	__u8 type;
	__u8 direction;
	__u8 oldstate;
	__u8 newstate;
	__u8 end;
	__u8 flags;
	__u8 named; /* enum named */
	struct named_address name;
};

static __always_inline bool listed(void *filter, __u32 key)
{
	return bpf_map_lookup_elem(filter, &key) != NULL;
}

static __always_inline __u32 acceptor_of(__u64 cookie)
{
	__u32 *tgid = bpf_map_lookup_elem(&accepted_sockets, &cookie);

	return tgid ? *tgid : 0;
}

/* Whether the process filter `map` lists the owner, the closer or the acceptor of this connection. */
static __always_inline bool lists_process(void *map, struct event_facts *f)
{
	return listed(map, f->owner_tgid) || (f->closer_tgid && listed(map, f->closer_tgid)) ||
	       (f->direction == DIRECTION_IN && listed(map, acceptor_of(f->cookie)));
}

static __always_inline bool is_traced(struct event_facts *f)
{
	return control.traced && lists_process(&traced_tgids, f);
}

static __always_inline __u16 local_port(struct sock_view *v, struct event_facts *f)
{
	return f->named == NAMED_LOCAL ? f->name.port : bpf_ntohs(v->sport);
}

static __always_inline __u16 remote_port(struct sock_view *v, struct event_facts *f)
{
	return f->named == NAMED_REMOTE ? f->name.port : bpf_ntohs(v->head->skc_dport);
}

static __always_inline bool passes_filter(struct sock_view *v, struct event_facts *f)
{
	if (control.filter_netns && !listed(&filter_netns, v->netns_inum))
		return false;
	if (control.filter_ports && !listed(&filter_ports, remote_port(v, f)) &&
	    !listed(&filter_ports, local_port(v, f)))
		return false;
	return !control.filter_tgids || lists_process(&filter_tgids, f);
}

/* Whether a socket dump can find the connection later: its socket, or its TIME_WAIT entry. */
static __always_inline bool stays(struct event_facts *f)
{
	if (f->type == EVENT_CLOSED)
		return f->end == END_TIME_WAIT || f->end == END_FIN_WAIT2;
	return f->type == EVENT_ESTABLISHED || f->type == EVENT_ACCEPTED || f->type == EVENT_CONNECT;
}

/* A close that knows only the listener must not replace the process that accepted. */
static __always_inline void keep_owner(struct event_facts *f)
{
	struct lost_owner lost = {
		.cookie = f->cookie,
		.owner = f->owner,
		.owner_tgid = f->owner_tgid,
		.direction = f->direction,
		.flags = f->flags & (FLAG_OWNER_IS_LISTENER | FLAG_BOUND_BEFORE),
	};

	if (f->owner && f->cookie && stays(f))
		bpf_map_update_elem(&lost_owners, &lost.cookie, &lost,
				    f->flags & FLAG_OWNER_IS_LISTENER ? BPF_NOEXIST : BPF_ANY);
}

/* The ring is full: totals stay exact and owners known; only the details of the event are lost. */
static __always_inline void count_overflow(struct sock_view *v, struct event_facts *f)
{
	struct overflow_key key = {
		.netns_cookie = v->netns_cookie,
		.netns_inum = v->netns_inum,
		.owner = f->owner,
		.owner_tgid = f->owner_tgid,
		.direction = f->direction,
		.type = f->type,
		.flags = f->flags & (FLAG_CLOSED_FIRST | FLAG_BOUND_BEFORE | FLAG_OPEN_SENT | FLAG_OPEN_OVERFLOWED |
				     FLAG_PREEXISTING),
		.err = (__u8)f->err,
	};

	keep_owner(f);
	count_by_kind(&key);
	/* Last: a reader that sees this counter move finds the event in a map. */
	count(COUNTER_RING_LOST);
}

static __always_inline void write_v4(__u8 *address, __be32 v4)
{
	__builtin_memset(address, 0, 10);
	address[10] = address[11] = 0xff;
	__builtin_memcpy(address + 12, &v4, sizeof(v4));
}

static __always_inline void write_tuple(struct tcp_event *e, struct sock_view *v, struct event_facts *f)
{
	struct sock_common *head = v->head;

	e->family = (__u8)head->skc_family;
	if (e->family == AF_INET) {
		write_v4(e->laddr, head->skc_rcv_saddr);
		write_v4(e->raddr, head->skc_daddr);
	} else {
		bpf_core_read(e->laddr, 16, &head->skc_v6_rcv_saddr);
		bpf_core_read(e->raddr, 16, &head->skc_v6_daddr);
	}
	if (f->named)
		__builtin_memcpy(f->named == NAMED_LOCAL ? e->laddr : e->raddr, f->name.address, sizeof(e->laddr));
	e->lport = local_port(v, f);
	e->rport = remote_port(v, f);
}

/*
 * Behind the two FINs the next number that one end would send is the next one that the other expects. Exclusive or, since both ends get the
 * same of it. A socket that leaves its mini-socket in FIN_WAIT2 has not seen the peer's FIN.
 */
static __always_inline __u32 seq_mark_of(struct tcp_sock *tp, __u8 end)
{
	if (end != END_TIME_WAIT && end != END_FIN_WAIT2 && end != END_PASSIVE)
		return 0;
	return tp->snd_nxt ^ (tp->rcv_nxt + (end == END_FIN_WAIT2));
}

static __always_inline void write_close(struct tcp_event *e, struct sock *sk)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	__u64 fin = has_flag(sk, SOCK_DONE);

	if (!tp)
		return;
	e->seq_mark = seq_mark_of(tp, e->end);
	e->bytes_sent = tp->bytes_sent - tp->bytes_retrans;
	e->bytes_received = tp->bytes_received > fin ? tp->bytes_received - fin : 0;
}

static __always_inline void write_event(struct tcp_event *e, struct sock_view *v, struct event_facts *f)
{
	e->type = f->type;
	e->size = sizeof(*e);
	e->tw_lifetime_ms = f->tw_lifetime_ms;
	e->time_ns = f->now;
	e->cookie = f->cookie;
	e->netns_cookie = v->netns_cookie;
	e->netns_inum = v->netns_inum;
	e->bytes_sent = 0;
	e->bytes_received = 0;
	e->duration_ns = f->duration_ns;
	e->connect_us = f->connect_us;
	e->owner = f->owner;
	e->owner_tgid = f->owner_tgid;
	e->closer = f->closer;
	e->closer_tgid = f->closer_tgid;
	e->direction = f->direction;
	e->oldstate = f->oldstate;
	e->newstate = f->newstate;
	e->err = f->err;
	e->end = f->end;
	e->flags = f->flags;
	e->seq_mark = 0;
	write_tuple(e, v, f);
}

enum sent { SENT_FILTERED, SENT_RING, SENT_OVERFLOWED };

/* `closed`: the socket whose byte counts and sequence numbers a close reports, of a type that the verifier knows; or NULL. */
static __always_inline enum sent send(struct sock_view *v, struct event_facts *f, struct sock *closed)
{
	struct tcp_event *e;

	if (!passes_filter(v, f))
		return SENT_FILTERED;
	if (is_traced(f))
		f->flags |= FLAG_TRACED;
	else if (f->type == EVENT_TRANSITION || (f->type == EVENT_CONNECT && !(f->flags & FLAG_RETRIED)))
		return SENT_FILTERED;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count_overflow(v, f);
		return SENT_OVERFLOWED;
	}
	write_event(e, v, f);
	if (closed && f->type == EVENT_CLOSED)
		write_close(e, closed);
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	count(COUNTER_EVENTS);
	return SENT_RING;
}

/* For a transition, whose tracepoint passes the socket. */
static __noinline enum sent send_event(struct sock *sk, struct event_facts *f)
{
	struct sock_view v = view_of(sk);

	return send(&v, f, sk);
}

/* For a system call: the verifier knows its socket only as an address. */
static __noinline void send_call(struct sock *sk, struct event_facts *f)
{
	__u64 copy[SOCK_HEAD_BYTES / sizeof(__u64)];
	struct sock_view v = view_of_copy(sk, copy);

	send(&v, f, NULL);
}

#endif
