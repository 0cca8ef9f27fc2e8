// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * The tracer: TCP state transitions -> one event per thing that happened to a connection (bpf/tcp_event.h).
 * Everything hangs on tp_btf/inet_sock_set_state; system calls add who took a connection and what failed before it was one
 * (syscalls.bpf.h), exit who is gone. The state of a connection coalescer with its socket, so each event is complete by itself
 * and a lost one spoils no other.
 * `current` is trusted only while some task is inside a system call on the socket (sk_lock.owned): else it is a bystander.
 */
#include "emit.bpf.h"
#include "process.bpf.h"
#include "seed.bpf.h"
#include "soft_error.bpf.h"
#include "state.bpf.h"
#include "syscalls.bpf.h"
#include "close_outcome.bpf.h"

/* One transition as the handlers below see it. */
struct transition {
	struct sock *sk;
	struct socket_state *state;
	__u64 cookie;
	__u64 now;
	int oldstate;
	int newstate;
};

static __always_inline bool in_syscall(struct sock *sk)
{
	return sk->sk_lock.owned != 0 && current_is_user();
}

static __always_inline struct event_facts facts_of(struct transition *t, __u8 type)
{
	struct event_facts f = {
		.cookie = t->cookie,
		.now = t->now,
		.owner = t->state->owner,
		.owner_tgid = t->state->owner_tgid,
		.closer = t->state->closer,
		.closer_tgid = t->state->closer_tgid,
		.connect_us = t->state->connect_us,
		.type = type,
		.direction = t->state->direction,
		.oldstate = (__u8)t->oldstate,
		.newstate = (__u8)t->newstate,
		.flags = t->state->flags,
	};
	return f;
}

/* CLOSE -> SYN_SENT: an attempt begins, in the task that calls connect(). */
static __always_inline void on_attempt(struct transition *t)
{
	struct socket_state *s = t->state;
	struct event_facts f;

	__builtin_memset(s, 0, sizeof(*s));
	s->attempt_ns = t->now;
	s->direction = DIRECTION_OUT;
	s->attempt_sport = port_of(t->sk);
	s->attempt_num = t->sk->__sk_common.skc_num;
	if (s->attempt_num)
		s->flags |= FLAG_BOUND_BEFORE;
	note_attempt();
	if (in_syscall(t->sk)) {
		struct process_ref opener = current_process();

		s->owner = opener.id;
		s->owner_tgid = opener.tgid;
		s->attempt_tid = current_tid();
	}
	if (control.traced) {
		f = facts_of(t, EVENT_CONNECT);
		f.tid = s->attempt_tid;
		send_event(t->sk, &f);
	}
}

/* A child starts with its listener's state: keep who listens, forget the rest. */
static __always_inline void begin_inbound(struct transition *t)
{
	struct socket_state *s = t->state;
	__u32 owner = s->last == TCP_LISTEN ? s->owner : 0;
	__u32 owner_tgid = s->last == TCP_LISTEN ? s->owner_tgid : 0;

	__builtin_memset(s, 0, sizeof(*s));
	s->owner = owner;
	s->owner_tgid = owner_tgid;
	s->direction = DIRECTION_IN;
	s->flags = FLAG_OWNER_IS_LISTENER;
}

static __always_inline void on_established(struct transition *t)
{
	struct socket_state *s = t->state;
	struct event_facts f;
	enum sent sent;

	if (t->oldstate == TCP_SYN_SENT) {
		/* An attempt may be older than the tracer; the connection is not. */
		s->direction = DIRECTION_OUT;
		s->flags &= ~FLAG_PREEXISTING;
	} else if (s->direction != DIRECTION_OUT) {
		begin_inbound(t);
	}
	s->established_ns = t->now;
	if (s->attempt_ns)
		s->connect_us = (__u32)((t->now - s->attempt_ns) / 1000);
	if (s->direction == DIRECTION_IN && config.syscalls)
		return;
	f = facts_of(t, EVENT_ESTABLISHED);
	sent = send_event(t->sk, &f);
	if (sent == SENT_RING)
		s->flags |= FLAG_OPEN_SENT;
	else if (sent == SENT_OVERFLOWED)
		s->flags |= FLAG_OPEN_OVERFLOWED;
}

static __always_inline void on_listen(struct transition *t)
{
	struct socket_state *s = t->state;
	struct event_facts f;

	if (t->newstate == TCP_LISTEN && in_syscall(t->sk)) {
		struct process_ref listener = current_process();

		__builtin_memset(s, 0, sizeof(*s));
		s->owner = listener.id;
		s->owner_tgid = listener.tgid;
		s->direction = DIRECTION_IN;
	}
	f = facts_of(t, EVENT_LISTEN);
	send_event(t->sk, &f);
}

/* The first local FIN, or an abort: whoever is inside close(), shutdown() or exit() now. */
static __always_inline void remember_closer(struct transition *t)
{
	struct process_ref closer;

	if (t->state->closer_tgid || !in_syscall(t->sk))
		return;
	closer = current_process();
	t->state->closer = closer.id;
	t->state->closer_tgid = closer.tgid;
}

/*
 * SYN_SENT -> CLOSE. No error, no shutdown, inside the very call that began it, and no port was ever assigned: the kernel
 * found no local port (__inet_hash_connect returned EADDRNOTAVAIL). Comparing with the port before the attempt matters,
 * since a socket used again keeps a stale one.
 */
static __always_inline bool no_port_found(struct transition *t)
{
	struct socket_state *s = t->state;

	return t->sk->sk_lock.owned && s->attempt_tid && s->attempt_tid == current_tid() &&
	       port_of(t->sk) == s->attempt_sport && t->sk->__sk_common.skc_num == s->attempt_num;
}

static __always_inline void on_failed(struct transition *t)
{
	struct event_facts f = facts_of(t, EVENT_FAILED);

	if (t->sk->sk_err)
		f.err = (__u16)t->sk->sk_err;
	else if ((t->sk->sk_shutdown & SHUTDOWN_MASK) == 0 && no_port_found(t))
		f.err = EADDRNOTAVAIL;
	else {
		/* Its program gave up; perhaps because of what the network had said. */
		f.end = END_ABORTED;
		f.err = t->state->soft_err;
	}
	f.tid = t->state->attempt_tid;
	if (t->state->attempt_ns)
		f.duration_ns = t->now - t->state->attempt_ns;
	send_event(t->sk, &f);
}

static __always_inline void on_closed(struct transition *t)
{
	struct close_outcome v = judge_close(t->sk, t->state, t->oldstate, t->cookie);
	struct event_facts f;

	if (t->oldstate == TCP_ESTABLISHED || t->oldstate == TCP_CLOSE_WAIT)
		remember_closer(t);
	f = facts_of(t, EVENT_CLOSED);
	f.end = v.end;
	f.tw_lifetime_ms = v.lifetime_ms;
	if (v.end != END_TIME_WAIT && v.end != END_FIN_WAIT2)
		f.err = (__u16)t->sk->sk_err;
	if (t->state->established_ns)
		f.duration_ns = t->now - t->state->established_ns;
	send_event(t->sk, &f);
}

static __always_inline void on_close(struct transition *t)
{
	if (t->oldstate == TCP_LISTEN)
		on_listen(t);
	else if (t->oldstate == TCP_SYN_SENT || (t->oldstate == TCP_SYN_RECV && !t->state->established_ns))
		on_failed(t);
	else
		on_closed(t);
}

static __always_inline void on_transition(struct transition *t)
{
	struct event_facts f;

	if (!control.traced)
		return;
	f = facts_of(t, EVENT_TRANSITION);
	if (in_syscall(t->sk))
		f.tid = current_tid();
	send_event(t->sk, &f);
}

/* A socket without state is older than the tracer, or the kernel had no memory for it when it was new. */
static __always_inline struct socket_state *new_state(struct sock *sk, int oldstate)
{
	struct socket_state *s = bpf_sk_storage_get(&sockets, sk, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!s)
		count(COUNTER_STORAGE_FAILURES);
	else if (oldstate != TCP_CLOSE && oldstate != TCP_SYN_RECV)
		s->flags = FLAG_PREEXISTING;
	return s;
}

/* Never 0: states count from 1, and there are fewer than 16. */
static __always_inline __u8 transition_mark(int oldstate, int newstate)
{
	return (__u8)(oldstate << 4 | newstate);
}

static __always_inline void dispatch(struct transition *t)
{
	switch (t->newstate) {
	case TCP_SYN_SENT:
		on_attempt(t);
		break;
	case TCP_ESTABLISHED:
		on_established(t);
		break;
	case TCP_LISTEN:
		on_listen(t);
		break;
	case TCP_FIN_WAIT1:
		t->state->flags |= FLAG_CLOSED_FIRST;
		remember_closer(t);
		break;
	case TCP_LAST_ACK:
		remember_closer(t);
		break;
	case TCP_CLOSE:
		on_close(t);
		break;
	}
}

/*
 * Transitions that say nothing by themselves are skipped before any work: a listener's new child (its cookie may still be
 * the listener's), FIN_WAIT2, CLOSE_WAIT and CLOSING, which the outcome at CLOSE covers.
 */
static __always_inline bool is_silent(int oldstate, int newstate)
{
	return oldstate == TCP_LISTEN && newstate == TCP_SYN_RECV;
}

static __always_inline bool matters(int newstate)
{
	return newstate == TCP_SYN_SENT || newstate == TCP_ESTABLISHED || newstate == TCP_LISTEN ||
	       newstate == TCP_FIN_WAIT1 || newstate == TCP_LAST_ACK || newstate == TCP_CLOSE;
}

static __always_inline bool concerns_us(struct sock *sk, int oldstate, int newstate)
{
	__u16 family = sk->__sk_common.skc_family;

	if (sk->sk_protocol != IPPROTO_TCP || (family != AF_INET && family != AF_INET6))
		return false;
	return !is_silent(oldstate, newstate) && (matters(newstate) || control.traced);
}

/* The transition that must have come before this one; 0: several may have, or none that we look at. */
static __always_inline int predecessor(int oldstate)
{
	switch (oldstate) {
	case TCP_SYN_SENT:
	case TCP_ESTABLISHED:
	case TCP_FIN_WAIT1:
	case TCP_LAST_ACK:
	case TCP_LISTEN:
		return oldstate;
	case TCP_FIN_WAIT2:
	case TCP_CLOSING:
		return TCP_FIN_WAIT1;
	case TCP_CLOSE_WAIT:
		return TCP_ESTABLISHED;
	}
	return 0;
}

/* A transition that neither copy of the program was shown leaves a gap in the socket's states. */
static __always_inline void look_for_gap(struct socket_state *s, int oldstate)
{
	int before = predecessor(oldstate);

	if (s->last && before && s->last != before)
		count(COUNTER_GAPS);
}

/* A FIN is only noted, and its time with the close. */
static __always_inline bool is_timed(int newstate)
{
	return (newstate != TCP_FIN_WAIT1 && newstate != TCP_LAST_ACK) || control.traced;
}

static __always_inline void handle(struct sock *sk, struct socket_state *state, int oldstate, int newstate)
{
	struct transition t = {.sk = sk, .state = state, .oldstate = oldstate, .newstate = newstate};

	/* Asked for before anything else: it makes the cookie, which the TIME_WAIT entry then inherits. */
	t.cookie = bpf_get_socket_cookie(sk);
	if (is_timed(newstate))
		t.now = bpf_ktime_get_ns();
	look_for_gap(state, oldstate);
	dispatch(&t);
	on_transition(&t);
	if (matters(newstate))
		state->last = (__u8)newstate;
	state->handled = transition_mark(oldstate, newstate);
}

/*
 * The kernel does not run a program on a CPU that is already inside it: a packet that arrives during a system call would
 * lose its event. So the same program is attached twice. While one copy is inside, the other one takes the event of the
 * packet; otherwise the first to run handles the event and leaves a mark, which the other takes away and does nothing.
 */
static __always_inline int once(struct sock *sk, int oldstate, int newstate)
{
	struct socket_state *s;

	if (!concerns_us(sk, oldstate, newstate))
		return 0;
	s = bpf_sk_storage_get(&sockets, sk, NULL, 0);
	if (s && s->handled == transition_mark(oldstate, newstate)) {
		s->handled = 0;
		return 0;
	}
	if (!s)
		s = new_state(sk, oldstate);
	if (s)
		handle(sk, s, oldstate, newstate);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, struct sock *sk, int oldstate, int newstate)
{
	return once(sk, oldstate, newstate);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state_twin, struct sock *sk, int oldstate, int newstate)
{
	return once(sk, oldstate, newstate);
}

/*
 * An attempt that lasts: its SYN was sent again. Told once, so that a connection waiting for an answer, which holds a
 * port all the while, has an owner before it ends.
 */
SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(tcp_retransmit_skb, struct sock *sk)
{
	struct transition t = {.sk = sk, .oldstate = TCP_CLOSE, .newstate = TCP_SYN_SENT};
	struct event_facts f;

	if (sk->__sk_common.skc_state != TCP_SYN_SENT || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	t.state = bpf_sk_storage_get(&sockets, sk, NULL, 0);
	if (!t.state || (t.state->flags & FLAG_RETRIED))
		return 0;
	t.cookie = bpf_get_socket_cookie(sk);
	t.now = bpf_ktime_get_ns();
	t.state->flags |= FLAG_RETRIED;
	f = facts_of(&t, EVENT_CONNECT);
	send_event(sk, &f);
	return 0;
}

/* The last thread of an announced process is gone; its sockets close after this. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *task)
{
	struct process_exit_event *e;
	struct process_state *state;

	if (BPF_CORE_READ(task, signal, live.counter) != 0)
		return 0;
	state = bpf_task_storage_get(&processes, task->group_leader, NULL, 0);
	if (!state || state->id == 0)
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count(COUNTER_IDENTITY_LOST);
		return 0;
	}
	e->type = EVENT_PROCESS_EXIT;
	e->size = sizeof(*e);
	e->id = state->id;
	e->time_ns = bpf_ktime_get_ns();
	e->tgid = BPF_CORE_READ(task, tgid);
	e->pad = 0;
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	return 0;
}

/* Tracing helpers are for programs that declare a GPL-compatible licence. */
char _license[] SEC("license") = "Dual MIT/GPL";
