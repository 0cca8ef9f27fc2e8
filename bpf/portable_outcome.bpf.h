/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * The close outcome on kernels whose table of sockets cannot be read: whether a close left a TIME_WAIT entry is judged by
 * the socket alone. Judged wrongly are: the last entry before tcp_max_tw_buckets (as overflow), an entry that the kernel had
 * no memory for, a connect() to AF_UNSPEC in CLOSING, and a normal close with an older error that was never read. The next
 * reconciliation corrects them.
 */
#ifndef PORTCHURN_PORTABLE_OUTCOME_BPF_H
#define PORTCHURN_PORTABLE_OUTCOME_BPF_H

#include "death_row.bpf.h"

#define TIMEWAIT_MS 60000 /* TCP_TIMEWAIT_LEN */

struct close_outcome {
	__u8 end;
	__u32 lifetime_ms;
};

/*
 * The socket was disconnected, which leaves no entry: close() with SO_LINGER 0, or connect() to AF_UNSPEC. A socket in
 * FIN_WAIT2 becomes an entry when no descriptor is left or when the peer's FIN arrives, and neither is the case here.
 */
static __always_inline bool was_disconnected(struct sock *sk, int oldstate)
{
	if (has_flag(sk, SOCK_DEAD))
		return false;
	if (oldstate == TCP_FIN_WAIT2)
		return !has_flag(sk, SOCK_DONE);
	return sk->sk_lock.owned && has_flag(sk, SOCK_LINGER) && sk->sk_lingertime == 0;
}

/* As tcp_fin_time(), except for retransmission timeouts of more than 17 s. */
static __always_inline __u32 fin_wait2_ms(struct sock *sk, int linger2)
{
	struct net *net = sk->__sk_common.skc_net.net;
	int jiffies = linger2 ? linger2 : net->ipv4.sysctl_tcp_fin_timeout;

	return config.hz ? (__u64)jiffies * 1000 / config.hz : 0;
}

static __always_inline struct close_outcome portable_outcome(struct sock *sk, struct socket_state *s, int oldstate)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	int linger2 = tp ? tp->linger2 : 0;
	struct close_outcome outcome = {};

	if (sk->sk_err || s->reset_sent || linger2 < 0 || was_disconnected(sk, oldstate) || time_wait_table_full(sk))
		return outcome;
	if (has_flag(sk, SOCK_DONE)) {
		outcome.end = END_TIME_WAIT;
		outcome.lifetime_ms = TIMEWAIT_MS;
	} else {
		outcome.end = END_FIN_WAIT2;
		outcome.lifetime_ms = fin_wait2_ms(sk, linger2);
	}
	return outcome;
}

/* Attached for the portable outcome only. The later arguments differ between kernels. sk may be NULL, or a mini-socket. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(tcp_send_reset, struct sock *sk)
{
	struct socket_state *s;

	if (!sk)
		return 0;
	s = state_of(sk);
	if (s)
		s->reset_sent = 1;
	return 0;
}

#endif
