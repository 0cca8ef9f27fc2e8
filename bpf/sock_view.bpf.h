/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * The fields of a socket that go into its event. A socket that the tracepoint passes is read in place, since the verifier
 * knows its type. One that was found through a descriptor is only an address, and each field would cost a helper call: so
 * its head is copied at once.
 */
#ifndef PORTCHURN_SOCK_VIEW_BPF_H
#define PORTCHURN_SOCK_VIEW_BPF_H

#include "state.bpf.h"

/* Bytes from the beginning of a socket with every field that is read of its head; struct sock_common has 136. */
#define SOCK_HEAD_BYTES 128

struct sock_view {
	struct sock_common *head; /* in the socket, or a copy */
	__u64 netns_cookie;
	__u32 netns_inum;
	__be16 sport; /* the local port as the socket last had it */
};

/* Whether IP_LOCAL_PORT_RANGE gave the socket, which may be only an address, a range of its own; kernels before 6.3 have none. */
static __always_inline bool has_own_range(struct sock *sk)
{
	struct inet_sock *inet = (struct inet_sock *)sk;
	struct inet_sock___halves *halves = (struct inet_sock___halves *)sk;

	if (bpf_core_field_exists(inet->local_port_range))
		return BPF_CORE_READ(inet, local_port_range) != 0;
	if (bpf_core_field_exists(halves->local_port_range))
		return BPF_CORE_READ(halves, local_port_range.hi) != 0 ||
		       BPF_CORE_READ(halves, local_port_range.lo) != 0;
	return false;
}

/* For a full TCP socket whose type the verifier knows. */
static __always_inline __be16 port_of(struct sock *sk)
{
	struct inet_sock *inet = (struct inet_sock *)bpf_skc_to_tcp_sock(sk);

	return inet ? inet->inet_sport : 0;
}

static __always_inline struct sock_view view_of(struct sock *sk)
{
	struct net *net = sk->__sk_common.skc_net.net;
	struct sock_view v = {
		.head = &sk->__sk_common,
		.netns_cookie = net->net_cookie,
		.netns_inum = net->ns.inum,
		.sport = port_of(sk),
	};

	return v;
}

/* For a socket that is only an address; `copy` has SOCK_HEAD_BYTES. */
static __always_inline struct sock_view view_of_copy(struct sock *sk, void *copy)
{
	struct sock_view v = {.head = copy};
	struct net *net;

	bpf_probe_read_kernel(copy, SOCK_HEAD_BYTES, sk);
	net = v.head->skc_net.net;
	v.netns_cookie = BPF_CORE_READ(net, net_cookie);
	v.netns_inum = BPF_CORE_READ(net, ns.inum);
	v.sport = BPF_CORE_READ((struct inet_sock *)sk, inet_sport);
	return v;
}

#endif
