/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * MPTCP: a program holds one socket, and the kernel has TCP connections for it, its subflows. Only these have transitions. The
 * first is made by connect() or given by accept(), the others by the kernel itself, so whose connection it is has to be
 * remembered. In a kernel without MPTCP the verifier drops all this.
 */
#ifndef PORTCHURN_MPTCP_BPF_H
#define PORTCHURN_MPTCP_BPF_H

#include "state.bpf.h"

/* NULL when the socket is no subflow. */
static __always_inline struct mptcp_subflow_context *subflow_of(struct sock *sk)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	if (!bpf_core_field_exists(tp->is_mptcp) || !bpf_core_type_exists(struct mptcp_subflow_context))
		return NULL;
	if (!tp || !tp->is_mptcp)
		return NULL;
	return BPF_CORE_READ((struct inet_connection_sock *)sk, icsk_ulp_data);
}

/*
 * A further subflow. The kernel opens it, in a worker or in whoever configures addresses; and one that came in is given by no
 * accept().
 */
static __always_inline bool is_further(struct mptcp_subflow_context *subflow)
{
	return subflow && (BPF_CORE_READ_BITFIELD_PROBED(subflow, mp_join) ||
			   BPF_CORE_READ_BITFIELD_PROBED(subflow, request_join));
}

static __always_inline __u64 connection_of(struct mptcp_subflow_context *subflow)
{
	return (__u64)BPF_CORE_READ(subflow, conn);
}

/*
 * For what accept() gave, which is only an address: the socket whose transitions are the connection's. When the client does not
 * speak MPTCP, accept() gives the TCP socket itself.
 */
static __always_inline struct sock *first_subflow_of(struct sock *sk)
{
	struct mptcp_sock *msk = (struct mptcp_sock *)sk;

	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_MPTCP)
		return sk;
	return bpf_core_field_exists(msk->first) ? BPF_CORE_READ(msk, first) : NULL;
}

static __always_inline void remember_mptcp_owner(__u64 connection, struct process_ref *owner)
{
	bpf_map_update_elem(&mptcp_owners, &connection, owner, BPF_ANY);
}

/* Sets the owner of a further subflow, and says whether it is known. */
static __always_inline bool take_mptcp_owner(struct mptcp_subflow_context *subflow, struct socket_state *s)
{
	__u64 connection = connection_of(subflow);
	struct process_ref *owner = bpf_map_lookup_elem(&mptcp_owners, &connection);

	if (!owner)
		return false;
	s->owner = owner->id;
	s->owner_tgid = owner->tgid;
	return true;
}

#endif
