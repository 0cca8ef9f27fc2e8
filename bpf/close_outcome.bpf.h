/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * The close outcome: how a connection ended. Only FIN_WAIT2 -> CLOSE and CLOSING -> CLOSE can leave a TIME_WAIT entry. When
 * the tracepoint runs, tcp_time_wait() has already put the entry into the socket's own ehash bucket, with the socket's
 * cookie: so it is searched there.
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
	/* Read by a helper: the verifier allows no arithmetic on a pointer whose type it knows. */
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
	struct close_outcome outcome = {.end = END_TIME_WAIT};

	if (BPF_CORE_READ(tw, tw_substate) == TCP_FIN_WAIT2)
		outcome.end = END_FIN_WAIT2;
	if ((__s64)left > 0 && config.hz)
		outcome.lifetime_ms = left * 1000 / config.hz;
	return outcome;
}

/* The errors that tcp_reset() sets. Any other one is from tcp_write_err(): TCP gave up, with ETIMEDOUT or an ICMP answer. */
static __always_inline bool is_reset(int err)
{
	return err == ECONNRESET || err == EPIPE;
}

/* The outcome is END_NONE when there is no entry. */
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
	struct close_outcome outcome = {};

	/*
	 * The entry is searched before sk_err is read: an error that was never read may be older than a normal close
	 * (IP_RECVERR).
	 */
	if (may_wait)
		outcome = judge_entry(sk, s, oldstate, cookie);
	if (outcome.end != END_NONE)
		return outcome;
	if (sk->sk_err && sk->sk_err != ECONNABORTED)
		outcome.end = is_reset(sk->sk_err) ? END_RESET : END_TIMEOUT;
	else if (oldstate == TCP_LAST_ACK)
		outcome.end = END_PASSIVE;
	else
		outcome.end = may_wait && time_wait_table_was_full(sk) ? END_OVERFLOW : END_ABORTED;
	return outcome;
}

#endif
