/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * An ICMP answer that arrives while connect() holds the socket, as the one from a firewall on this machine does, does not
 * end the attempt: the kernel queues the error, wakes pollers, and continues to send (tcp_v4_err). Most programs read the
 * error with SO_ERROR, which clears it, and close. So the last such error of the attempt is remembered here.
 */
#ifndef PORTCHURN_SOFT_ERROR_BPF_H
#define PORTCHURN_SOFT_ERROR_BPF_H

#include "state.bpf.h"

/* The newest entry of the socket's error queue; 0 when there is none. */
static __always_inline __u16 queued_error(struct sock *sk)
{
	struct sk_buff *skb = BPF_CORE_READ(sk, sk_error_queue.prev);
	struct sk_buff *end = (void *)sk + bpf_core_field_offset(struct sock, sk_error_queue);
	struct sock_exterr_skb *queued = (void *)skb + bpf_core_field_offset(struct sk_buff, cb);

	return skb && skb != end ? (__u16)BPF_CORE_READ(queued, ee.ee_errno) : 0;
}

SEC("tp_btf/inet_sk_error_report")
int BPF_PROG(inet_sk_error_report, struct sock *sk)
{
	struct socket_state *s;

	if (sk->__sk_common.skc_state != TCP_SYN_SENT || sk->sk_protocol != IPPROTO_TCP)
		return 0;
	s = state_of(sk);
	if (s)
		s->soft_err = queued_error(sk);
	return 0;
}

#endif
