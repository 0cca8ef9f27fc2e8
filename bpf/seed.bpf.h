/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Sockets that are older than the tracer. Walks every descriptor of every process once, gives each TCP socket a cookie and,
 * in its storage, an owner, and writes one EVENT_SEED per socket for user space. Listeners come first: only the listeners'
 * ports distinguish inbound connections from outbound ones. Not seen are sockets without a descriptor in a process's table:
 * those in accept queues, orphans, descriptors in flight between processes, registered files of io_uring.
 */
#ifndef PORTCHURN_SEED_BPF_H
#define PORTCHURN_SEED_BPF_H

#include "emit.bpf.h"
#include "process.bpf.h"

/* bind() created the port's bucket, so no plain connect() can use the port (inet_csk_get_port, __inet_hash_connect). */
static __always_inline bool port_is_bound(struct sock *sk)
{
	struct inet_bind_bucket *bucket = BPF_CORE_READ((struct inet_connection_sock *)sk, icsk_bind_hash);

	return bucket && (BPF_CORE_READ(bucket, fastreuse) != -1 || BPF_CORE_READ(bucket, fastreuseport) != -1);
}

/* NULL when the socket's owner is known already, from its own events or from an earlier descriptor. */
static __always_inline struct socket_state *ownerless_state(struct sock *sk)
{
	struct socket_state *s = state_of(sk);

	if (s)
		return (s->flags & FLAG_PREEXISTING) && !s->owner_tgid ? s : NULL;
	s = make_state(sk);
	if (s)
		s->flags = FLAG_PREEXISTING;
	return s;
}

/* The process that holds a descriptor; announced without its command line, which can be read here only by itself. */
static __always_inline struct process_ref holder(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct process_ref ref = {.tgid = task->tgid};
	struct process_state *state = process_state_of(leader);

	if (!state)
		return ref;
	if (state->announced == 0 && announce(leader, state, announce_parent(leader), false))
		state->announced = ANNOUNCED_AS_PARENT;
	ref.id = state->id;
	return ref;
}

static __always_inline void seed(struct seq_file *seq, struct task_struct *task, struct sock *sk, __u8 state)
{
	struct socket_state *s = ownerless_state(sk);
	struct event_facts f = {.type = EVENT_SEED, .newstate = state, .oldstate = state};
	struct tcp_event e = {};
	struct sock_view v = view_of(sk);
	struct process_ref owner;

	if (!s)
		return;
	owner = holder(task);
	s->owner = f.owner = owner.id;
	s->owner_tgid = f.owner_tgid = owner.tgid;
	if (state == TCP_LISTEN) {
		s->last = TCP_LISTEN;
		s->direction = f.direction = DIRECTION_IN;
	} else if (port_is_bound(sk)) {
		s->flags |= FLAG_BOUND_BEFORE;
	}
	f.flags = s->flags;
	if (state == TCP_SYN_SENT) { /* no connection yet: the one that it becomes is not older than the tracer */
		s->direction = f.direction = DIRECTION_OUT;
		f.flags &= ~FLAG_PREEXISTING;
	}
	f.cookie = bpf_get_socket_cookie(sk);
	if (!passes_filter(&v, &f))
		return;
	f.now = bpf_ktime_get_ns();
	write_event(&e, &v, &f);
	/* No room in this read: the kernel shows the socket again in the next one, and it must have no owner then. */
	if (bpf_seq_write(seq, &e, sizeof(e)) != 0)
		s->owner = s->owner_tgid = 0;
}

static __always_inline int seed_file(struct bpf_iter__task_file *ctx, bool listeners)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket *socket;
	struct sock *sk;
	__u8 state;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (sk->__sk_common.skc_family != AF_INET && sk->__sk_common.skc_family != AF_INET6)
		return 0;
	state = sk->__sk_common.skc_state;
	if (state != TCP_CLOSE && (state == TCP_LISTEN) == listeners)
		seed(ctx->meta->seq, task, sk, state);
	return 0;
}

SEC("iter/task_file")
int seed_listeners(struct bpf_iter__task_file *ctx)
{
	return seed_file(ctx, true);
}

SEC("iter/task_file")
int seed_connections(struct bpf_iter__task_file *ctx)
{
	return seed_file(ctx, false);
}

#endif
