/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What no state transition shows: who accepted a connection, which bind() failed, and which connect() failed before it
 * reached SYN_SENT (no route, forbidden, no IPv6 source address). A connect() that got further is reported by its
 * transitions alone: note_attempt() marks it, so that every failure makes exactly one event.
 * Calls that succeed are the hot path: at their entry the arguments are stored, at their exit nothing is done. Not seen: the
 * calls of io_uring and of 32-bit programs, MSG_FASTOPEN.
 */
#ifndef PORTCHURN_SYSCALLS_BPF_H
#define PORTCHURN_SYSCALLS_BPF_H

#include "emit.bpf.h"
#include "mptcp.bpf.h"
#include "process.bpf.h"

struct sys_enter_args {
	__u64 common;
	long id;
	unsigned long args[6];
};

struct sys_exit_args {
	__u64 common;
	long id;
	long ret;
};

/* The part of struct sockaddr_in and sockaddr_in6 that is read. */
struct user_address {
	__u16 family;
	__be16 port;
	__be32 v4; /* IPv6: flow label */
	__u8 v6[16];
	__u32 scope;
};

/* NULL when the current task has no such descriptor. */
static __always_inline struct file *file_of(int fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = task->files->fdt;
	struct file *file = NULL;

	if (fd >= 0 && (__u32)fd < table->max_fds)
		bpf_probe_read_kernel(&file, sizeof(file), table->fd + fd);
	return file;
}

/* The socket behind a descriptor; NULL when it is not a socket. */
static __always_inline struct socket *socket_of(int fd)
{
	struct file *file = file_of(fd);

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	return BPF_CORE_READ(file, private_data);
}

/* NULL when it is not TCP. An MPTCP socket counts: system calls name it, while the transitions are those of its subflows. */
static __always_inline struct sock *tcp_sock_of(struct socket *socket)
{
	struct sock *sk = BPF_CORE_READ(socket, sk);
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	if (protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP)
		return NULL;
	return family == AF_INET || family == AF_INET6 ? sk : NULL;
}

static __always_inline __u64 cookie_of(struct sock *sk)
{
	return (__u64)BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
}

/* Later events of this connection must pass the filters by its acceptor, which is not in the storage of its socket. */
static __always_inline void remember_acceptor(struct event_facts *f)
{
	if (control.traced || control.filter_tgids)
		if (listed(&traced_tgids, f->owner_tgid) || listed(&filter_tgids, f->owner_tgid))
			bpf_map_update_elem(&accepted_sockets, &f->cookie, &f->owner_tgid, BPF_ANY);
}

static __always_inline void send_for_caller(struct sock *sk, struct event_facts *f)
{
	struct process_ref caller = current_process();

	f->owner = caller.id;
	f->owner_tgid = caller.tgid;
	f->now = bpf_ktime_get_ns();
	if (f->type == EVENT_ACCEPTED)
		remember_acceptor(f);
	send_call(sk, f);
}

/*
 * The handshake has not ended, and the socket has no cookie: its next transition reports the connection, unless that has just been.
 * Returns whether the accept() is still to be reported.
 */
static __always_inline bool accepted_late(struct sock *sk, struct event_facts *f)
{
	struct process_ref acceptor = current_process();

	note_early_acceptor(sk, &acceptor);
	f->newstate = BPF_CORE_READ(sk, __sk_common.skc_state);
	f->cookie = cookie_of(sk);
	return f->newstate != TCP_SYN_RECV && take_early_acceptor(sk, &acceptor);
}

/* accept() returned: the caller has the connection now. One that is closed or has no cookie yet is reported by its close. */
static __always_inline int on_accept(long fd)
{
	struct event_facts f = {.type = EVENT_ACCEPTED, .direction = DIRECTION_IN};
	struct process_ref acceptor = {};
	struct socket *socket;
	struct sock *given;
	struct sock *sk;

	if (fd < 0)
		return 0;
	socket = socket_of((int)fd);
	given = socket ? tcp_sock_of(socket) : NULL;
	sk = given ? first_subflow_of(given) : NULL;
	if (!sk)
		return 0;
	f.cookie = cookie_of(sk);
	f.newstate = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (!f.cookie && f.newstate == TCP_SYN_RECV && !accepted_late(sk, &f))
		return 0;
	if (!f.cookie || f.newstate == TCP_CLOSE)
		return 0;
	send_for_caller(sk, &f);
	if (sk != given) {
		acceptor.id = f.owner;
		acceptor.tgid = f.owner_tgid;
		remember_mptcp_owner((__u64)given, &acceptor);
	}
	return 0;
}

/* The connect() of the current thread has reached SYN_SENT. */
static __always_inline void note_attempt(void)
{
	struct call_state *call;

	if (!config.syscalls)
		return;
	call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), NULL, 0);
	if (call)
		call->attempted = 1;
}

static __always_inline struct call_state *begin_call(struct sys_enter_args *args)
{
	struct call_state *call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), NULL,
						       BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!call) {
		count(COUNTER_STORAGE_FAILURES);
		return NULL;
	}
	call->fd = (__s32)args->args[0];
	call->address = args->args[1];
	call->length = (__u32)args->args[2];
	call->attempted = 0;
	call->pending = 1;
	return call;
}

/*
 * The address is read only at exit: the kernel has just read the same memory, so it is paged in. A thread that overwrites it
 * meanwhile falsifies only the report of its own failure.
 */
static __always_inline void read_name(struct named_address *name, struct call_state *call, __u16 *family)
{
	struct user_address user = {};
	__u32 length = call->length;

	if (length > sizeof(user))
		length = sizeof(user);
	bpf_probe_read_user(&user, length, (void *)call->address);
	*family = user.family;
	name->port = bpf_ntohs(user.port);
	if (user.family == AF_INET6)
		__builtin_memcpy(name->address, user.v6, sizeof(user.v6));
	else
		write_v4(name->address, user.v4);
}

/* Whether the address is ::ffff:a.b.c.d. */
static __always_inline bool is_ipv4(const __u8 *address)
{
	__u16 zero = 0;

	for (int i = 0; i < 10; i++)
		zero |= address[i];
	return zero == 0 && address[10] == 0xff && address[11] == 0xff;
}

/*
 * Flags of a connect() that failed with EADDRNOTAVAIL, and no transition told. tcp_v4_connect() fails so only when it
 * searches for a port, in SYN_SENT: that transition was hidden. tcp_v6_connect() also when it finds no source address.
 */
static __always_inline __u8 why_no_address(struct sock *sk, const __u8 *address)
{
	__u8 flags = 0;

	if (!is_ipv4(address))
		return FAILURE_NO_SOURCE;
	if (BPF_CORE_READ(sk, __sk_common.skc_num))
		flags |= FLAG_BOUND_BEFORE;
	if (has_own_range(sk))
		flags |= FAILURE_OWN_RANGE;
	return flags;
}

static __always_inline void send_failure(struct call_state *call, struct event_facts *f)
{
	struct socket *socket = socket_of(call->fd);
	struct sock *sk = socket ? tcp_sock_of(socket) : NULL;
	__u16 family;

	if (!sk)
		return;
	read_name(&f->name, call, &family);
	/* connect() to AF_UNSPEC ends a connection and makes none. */
	if (f->named == NAMED_REMOTE && family != AF_INET && family != AF_INET6)
		return;
	f->cookie = cookie_of(sk);
	f->oldstate = f->newstate = TCP_CLOSE;
	if (f->named == NAMED_REMOTE && f->err == EADDRNOTAVAIL)
		f->flags |= why_no_address(sk, f->name.address);
	send_for_caller(sk, f);
}

/* The call of the current thread when no transition reports its failure; else NULL. */
static __always_inline struct call_state *end_call(void)
{
	struct call_state *call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), NULL, 0);

	if (!call || !call->pending || call->attempted)
		return NULL;
	call->pending = 0;
	return call;
}

/* Not failures: in progress, called again meanwhile, connected already, interrupted. */
static __always_inline bool connect_failed(long ret)
{
	return ret < 0 && ret != -EINPROGRESS && ret != -EALREADY && ret != -EISCONN && ret != -EINTR &&
	       (ret > -ERESTARTSYS || ret < -ERESTART_RESTARTBLOCK);
}

SEC("tp/syscalls/sys_enter_connect")
int sys_enter_connect(struct sys_enter_args *args)
{
	struct call_state *call = begin_call(args);
	struct socket *socket;
	struct file *file;

	if (!call)
		return 0;
	/*
	 * On a socket that is connecting, the call asks for the result of the earlier attempt, which the transitions report.
	 * Whether the descriptor is a socket at all is checked only when the call fails.
	 */
	file = file_of(call->fd);
	socket = BPF_CORE_READ(file, private_data);
	call->pending = BPF_CORE_READ(socket, state) == SS_UNCONNECTED;
	return 0;
}

SEC("tp/syscalls/sys_exit_connect")
int sys_exit_connect(struct sys_exit_args *args)
{
	struct event_facts f = {.type = EVENT_FAILED, .direction = DIRECTION_OUT, .named = NAMED_REMOTE};
	struct call_state *call;

	if (!connect_failed(args->ret))
		return 0;
	call = end_call();
	f.err = (__u16)-args->ret;
	if (call)
		send_failure(call, &f);
	return 0;
}

SEC("tp/syscalls/sys_enter_bind")
int sys_enter_bind(struct sys_enter_args *args)
{
	begin_call(args);
	return 0;
}

SEC("tp/syscalls/sys_exit_bind")
int sys_exit_bind(struct sys_exit_args *args)
{
	struct event_facts f = {.type = EVENT_BIND_FAILED, .named = NAMED_LOCAL};
	struct call_state *call;

	if (args->ret >= 0)
		return 0;
	call = end_call();
	f.err = (__u16)-args->ret;
	if (call)
		send_failure(call, &f);
	return 0;
}

SEC("tp/syscalls/sys_exit_accept")
int sys_exit_accept(struct sys_exit_args *args)
{
	return on_accept(args->ret);
}

SEC("tp/syscalls/sys_exit_accept4")
int sys_exit_accept4(struct sys_exit_args *args)
{
	return on_accept(args->ret);
}

#endif
