// SPDX-License-Identifier: (GPL-2.0-only OR MIT)
/*
 * The tracer: turns TCP state transitions into one event per change of a connection (bpf/tcp_event.h).
 * In: tp_btf/inet_sock_set_state, for everything that follows from a socket's state; system calls, for who accepted a
 * connection and for attempts that failed before SYN_SENT (syscalls.bpf.h); sched_process_exit, for processes that end.
 * Out: records in the ring; when it is full, overflow counters (overflow.bpf.h).
 * A connection's state is kept in the local storage of its socket (state.bpf.h), so each event is complete by itself, and a lost event
 * makes no other one wrong.
 * `current` is used only while some task is inside a system call on the socket (sk_lock.owned). Otherwise it is whichever
 * task the packet interrupted.
 */
#include "emit.bpf.h"
#include "mptcp.bpf.h"
#include "process.bpf.h"
#include "seed.bpf.h"
#include "soft_error.bpf.h"
#include "state.bpf.h"
#include "syscalls.bpf.h"
#include "close_outcome.bpf.h"

/* The argument of the handlers below. */
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
	struct mptcp_subflow_context *subflow = subflow_of(t->sk);
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
	if (is_further(subflow)) {
		take_mptcp_owner(subflow, s);
	} else if (in_syscall(t->sk)) {
		struct process_ref opener = current_process();

		s->owner = opener.id;
		s->owner_tgid = opener.tgid;
		s->attempt_tid = current_tid();
		if (subflow)
			remember_mptcp_owner(connection_of(subflow), &opener);
	}
	if (control.traced) {
		f = facts_of(t, EVENT_CONNECT);
		send_event(t->sk, &f);
	}
}

/*
 * A child starts with a copy of its listener's state: keep the listening process, reset the rest. Returns whether accept() has given it
 * already.
 */
static __always_inline bool begin_inbound(struct transition *t)
{
	struct socket_state *s = t->state;
	__u32 owner = s->last == TCP_LISTEN ? s->owner : 0;
	__u32 owner_tgid = s->last == TCP_LISTEN ? s->owner_tgid : 0;
	struct mptcp_subflow_context *subflow = subflow_of(t->sk);
	struct process_ref acceptor;

	__builtin_memset(s, 0, sizeof(*s));
	s->owner = owner;
	s->owner_tgid = owner_tgid;
	s->direction = DIRECTION_IN;
	s->flags = is_further(subflow) && take_mptcp_owner(subflow, s) ? 0 : FLAG_OWNER_IS_LISTENER;
	if (!t->sk->sk_socket || !take_early_acceptor(t->sk, &acceptor))
		return false;
	s->owner = acceptor.id;
	s->owner_tgid = acceptor.tgid;
	s->flags = 0;
	return true;
}

/* Still in SYN_RECV, and a child of a listener. */
static __always_inline bool is_early(struct transition *t)
{
	return t->oldstate == TCP_SYN_RECV && t->state->direction == DIRECTION_IN;
}

static __always_inline void on_established(struct transition *t)
{
	struct socket_state *s = t->state;
	struct event_facts f;
	enum sent sent;
	bool accepted = false;

	if (t->oldstate == TCP_SYN_SENT) {
		/* An attempt may be older than the tracer; the connection is not. */
		s->direction = DIRECTION_OUT;
		s->flags &= ~FLAG_PREEXISTING;
	} else if (s->direction != DIRECTION_OUT) {
		accepted = begin_inbound(t);
	}
	s->established_ns = t->now;
	if (s->attempt_ns)
		s->connect_us = (__u32)((t->now - s->attempt_ns) / 1000);
	if (s->direction == DIRECTION_IN && config.syscalls && !accepted && !is_further(subflow_of(t->sk)))
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

/* The first local FIN, or an abort: the closer is the process that is inside close(), shutdown() or exit() now. */
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
 * SYN_SENT -> CLOSE without an error or a shutdown, inside the same connect() that began the attempt, and no port was
 * assigned: the kernel found no free local port (__inet_hash_connect returned EADDRNOTAVAIL). The port is compared with the
 * one before the attempt, since a socket that is used again keeps its old port.
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

	/* The kernel did not show how it began: the call that fails now must not count it again. */
	if (!t->state->attempt_ns && in_syscall(t->sk))
		note_attempt();
	if (t->sk->sk_err)
		f.err = (__u16)t->sk->sk_err;
	else if ((t->sk->sk_shutdown & SHUTDOWN_MASK) == 0 && no_port_found(t)) {
		f.err = EADDRNOTAVAIL;
		f.flags |= has_own_range(t->sk) ? FAILURE_OWN_RANGE : 0;
	} else {
		/* The program gave up, possibly because of the ICMP answer whose error is reported here. */
		f.end = END_ABORTED;
		f.err = t->state->soft_err;
	}
	if (t->state->attempt_ns)
		f.duration_ns = t->now - t->state->attempt_ns;
	send_event(t->sk, &f);
}

static __always_inline void on_closed(struct transition *t)
{
	struct close_outcome outcome = judge_close(t->sk, t->state, t->oldstate, t->cookie);
	struct event_facts f;

	if (t->oldstate == TCP_ESTABLISHED || t->oldstate == TCP_CLOSE_WAIT)
		remember_closer(t);
	f = facts_of(t, EVENT_CLOSED);
	f.end = outcome.end;
	f.tw_lifetime_ms = outcome.lifetime_ms;
	if (outcome.end != END_TIME_WAIT && outcome.end != END_FIN_WAIT2)
		f.err = (__u16)t->sk->sk_err;
	if (t->state->established_ns)
		f.duration_ns = t->now - t->state->established_ns;
	send_event(t->sk, &f);
}

/* The handshake did not end, and no accept() had given the connection before that. */
static __always_inline bool never_opened(struct transition *t)
{
	if (is_early(t) && begin_inbound(t))
		return false;
	return t->oldstate == TCP_SYN_SENT || (t->oldstate == TCP_SYN_RECV && !t->state->established_ns);
}

static __always_inline void on_close(struct transition *t)
{
	if (t->oldstate == TCP_LISTEN)
		on_listen(t);
	else if (never_opened(t))
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
	send_event(t->sk, &f);
}

/*
 * A socket has no state before its first event, when it is older than the tracer, and when its spare state was evicted. User space knows
 * whose connection it was when it is open already; of an attempt nobody knows it.
 */
static __always_inline struct socket_state *new_state(struct sock *sk, int oldstate)
{
	struct socket_state *s = make_state(sk);

	if (oldstate == TCP_SYN_SENT && spare_used)
		count(COUNTER_STORAGE_FAILURES);
	if (s && oldstate != TCP_CLOSE && oldstate != TCP_SYN_RECV)
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
		if (is_early(t))
			begin_inbound(t);
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
 * Transitions that make no event are skipped before any work: a listener's new child (its cookie may still be that of the
 * listener), and FIN_WAIT2, CLOSE_WAIT and CLOSING, which the close outcome at CLOSE covers.
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

static __always_inline bool is_handled(struct sock *sk, int oldstate, int newstate)
{
	__u16 family = sk->__sk_common.skc_family;

	if (sk->sk_protocol != IPPROTO_TCP || (family != AF_INET && family != AF_INET6))
		return false;
	return !is_silent(oldstate, newstate) && (matters(newstate) || control.traced);
}

/* The newest handled state that a socket in `oldstate` must have had; 0: several are possible, or none. */
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

/* A transition for which the kernel ran neither copy of the program leaves a gap in the socket's states. */
static __always_inline void check_for_gap(struct socket_state *s, int oldstate)
{
	int before = predecessor(oldstate);

	if (s->last && before && s->last != before)
		count(COUNTER_GAPS);
}

/* A FIN alone makes no event, so its time is not needed. */
static __always_inline bool is_timed(int newstate)
{
	return (newstate != TCP_FIN_WAIT1 && newstate != TCP_LAST_ACK) || control.traced;
}

static __always_inline void handle(struct sock *sk, struct socket_state *state, int oldstate, int newstate)
{
	struct transition t = {.sk = sk, .state = state, .oldstate = oldstate, .newstate = newstate};

	/* Before anything else: this call generates the cookie, which the TIME_WAIT entry then inherits. */
	t.cookie = bpf_get_socket_cookie(sk);
	if (is_timed(newstate))
		t.now = bpf_ktime_get_ns();
	check_for_gap(state, oldstate);
	dispatch(&t);
	on_transition(&t);
	if (matters(newstate))
		state->last = (__u8)newstate;
	state->handled = transition_mark(oldstate, newstate);
}

/*
 * The kernel does not run a program on a CPU that is already inside that program: the event of a packet that arrives during
 * a system call would be lost. So the same program is attached twice. While one copy is running, the other one handles the
 * packet's transition. Otherwise both run for each transition: the first handles it and leaves a mark, the second removes
 * the mark and returns. See docs/decisions/twin-program.md.
 */
static __always_inline int once(struct sock *sk, int oldstate, int newstate)
{
	struct socket_state *s;

	if (!is_handled(sk, oldstate, newstate))
		return 0;
	s = state_of(sk);
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
 * An attempt that lasts: its SYN was sent again. Reported once, so that an attempt that waits for an answer, and holds a
 * port meanwhile, has an owner before it ends.
 */
SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(tcp_retransmit_skb, struct sock *sk)
{
	struct transition t = {.sk = sk, .oldstate = TCP_CLOSE, .newstate = TCP_SYN_SENT};
	struct event_facts f;

	if (sk->__sk_common.skc_state != TCP_SYN_SENT || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	t.state = state_of(sk);
	if (!t.state || (t.state->flags & FLAG_RETRIED))
		return 0;
	t.cookie = bpf_get_socket_cookie(sk);
	t.now = bpf_ktime_get_ns();
	t.state->flags |= FLAG_RETRIED;
	f = facts_of(&t, EVENT_CONNECT);
	send_event(sk, &f);
	return 0;
}

/* The last thread of an announced process exits; its sockets are closed after this. */
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

/* The kernel allows tracing helpers only to programs that declare a GPL-compatible licence. */
char _license[] SEC("license") = "Dual MIT/GPL";
