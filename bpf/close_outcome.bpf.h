/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * How a connection ended. Only FIN_WAIT2 -> CLOSE and CLOSING -> CLOSE can leave a TIME_WAIT entry, and by the time the
 * tracepoint runs tcp_time_wait() has put it into the socket's own ehash bucket with the socket's cookie: so look there.
 */
#ifndef PORTCHURN_CLOSE_OUTCOME_BPF_H
#define PORTCHURN_CLOSE_OUTCOME_BPF_H

#include "death_row.bpf.h"
#include "portable_outcome.bpf.h"

#define BUCKET_WALK_MAX 64

/* The bucket's list ends in an odd "nulls" value instead of NULL. */
static __always_inline bool is_nulls(struct hlist_nulls_node *node)
{
	return (unsigned long)node & 1 || !node;
}

static __always_inline struct inet_timewait_sock *find_time_wait(struct sock *sk, __u64 cookie)
{
	struct inet_hashinfo *hashinfo = hashinfo_of(sk);
	__u32 slot = sk->__sk_common.skc_hash & hashinfo->ehash_mask;
	/* By a call: the verifier lets nobody count on a pointer that it knows. */
	void *ehash = BPF_CORE_READ(hashinfo, ehash);
	struct inet_ehash_bucket *bucket = ehash + (__u64)slot * bpf_core_type_size(struct inet_ehash_bucket);
	struct hlist_nulls_node *node = BPF_CORE_READ(bucket, chain.first);

	for (int i = 0; i < BUCKET_WALK_MAX && !is_nulls(node); i++) {
		struct sock_common *entry = (void *)node - bpf_core_field_offset(struct sock_common, skc_nulls_node);

		if (BPF_CORE_READ(entry, skc_state) == TCP_TIME_WAIT &&
		    BPF_CORE_READ(entry, skc_cookie.counter) == (__s64)cookie)
			return (void *)entry;
		node = BPF_CORE_READ(node, next);
	}
	return NULL;
}

static __always_inline struct close_outcome outcome_of_entry(struct inet_timewait_sock *tw)
{
	__u64 left = BPF_CORE_READ(tw, tw_timer.expires) - bpf_jiffies64();
	struct close_outcome v = {.end = END_TIME_WAIT};

	if (BPF_CORE_READ(tw, tw_substate) == TCP_FIN_WAIT2)
		v.end = END_FIN_WAIT2;
	if ((__s64)left > 0 && config.hz)
		v.lifetime_ms = left * 1000 / config.hz;
	return v;
}

/* What tcp_reset() sets. Any other error is that of tcp_write_err(): it gave up, with ETIMEDOUT or a router's answer. */
static __always_inline bool is_reset(int err)
{
	return err == ECONNRESET || err == EPIPE;
}

/* END_NONE: there is no entry. */
static __always_inline struct close_outcome judge_entry(struct sock *sk, struct socket_state *s, int oldstate,
							__u64 cookie)
{
	struct inet_timewait_sock *tw;
	struct close_outcome none = {};

	if (!config.walk)
		return portable_outcome(sk, s, oldstate);
	tw = find_time_wait(sk, cookie);
	return tw ? outcome_of_entry(tw) : none;
}

static __always_inline struct close_outcome judge_close(struct sock *sk, struct socket_state *s, int oldstate,
							__u64 cookie)
{
	bool may_wait = oldstate == TCP_FIN_WAIT2 || oldstate == TCP_CLOSING;
	struct close_outcome v = {};

	/* Looked for before sk_err: an error that nobody read may be older than a normal close (IP_RECVERR). */
	if (may_wait)
		v = judge_entry(sk, s, oldstate, cookie);
	if (v.end != END_NONE)
		return v;
	if (sk->sk_err && sk->sk_err != ECONNABORTED)
		v.end = is_reset(sk->sk_err) ? END_RESET : END_TIMEOUT;
	else if (oldstate == TCP_LAST_ACK)
		v.end = END_PASSIVE;
	else
		v.end = may_wait && time_wait_table_was_full(sk) ? END_OVERFLOW : END_ABORTED;
	return v;
}

#endif
