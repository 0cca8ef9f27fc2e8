/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * The TIME_WAIT entries of a namespace: their number, their limit, and the table that holds them. Kernels differ in where
 * they keep these; which form the running kernel has is known when the programs are loaded (CO-RE), and the verifier drops
 * the code for the others.
 */
#ifndef PORTCHURN_DEATH_ROW_BPF_H
#define PORTCHURN_DEATH_ROW_BPF_H

#include "state.bpf.h"

static __always_inline struct inet_timewait_death_row *death_row_of(struct sock *sk)
{
	struct net *net = sk->__sk_common.skc_net.net;
	struct net___apart *apart = (void *)net;

	if (bpf_core_field_exists(apart->ipv4.tcp_death_row))
		return apart->ipv4.tcp_death_row;
	return (void *)net + bpf_core_field_offset(struct net, ipv4.tcp_death_row);
}

static __always_inline struct inet_hashinfo *hashinfo_of(struct sock *sk)
{
	struct inet_timewait_death_row *row = death_row_of(sk);

	if (bpf_core_field_exists(row->hashinfo))
		return row->hashinfo;
	return sk->__sk_common.skc_prot->h.hashinfo;
}

static __always_inline int entries_of(struct inet_timewait_death_row *row)
{
	struct inet_timewait_death_row___counted *counted = (void *)row;

	if (bpf_core_field_exists(row->tw_refcount))
		return row->tw_refcount.refs.counter - 1;
	return counted->tw_count.counter;
}

/* tcp_max_tw_buckets is reached: the kernel makes no TIME_WAIT entry. */
static __always_inline bool time_wait_table_full(struct sock *sk)
{
	struct inet_timewait_death_row *row = death_row_of(sk);

	return entries_of(row) >= row->sysctl_max_tw_buckets;
}

/*
 * The table was full when the kernel checked, a moment ago. Other CPUs may have freed entries since (one was seen, on two
 * CPUs): hence the margin.
 */
static __always_inline bool time_wait_table_was_full(struct sock *sk)
{
	struct inet_timewait_death_row *row = death_row_of(sk);
	__u32 max = row->sysctl_max_tw_buckets;

	return (__u32)entries_of(row) + 1 + max / 64 >= max;
}

#endif
