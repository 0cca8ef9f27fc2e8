/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * The kernel types that the programs read, flat and partial: libbpf finds each field in the running kernel's BTF by its name
 * (CO-RE), also inside anonymous unions. Order and completeness do not matter; names do.
 */
#ifndef PORTCHURN_CORE_TYPES_H
#define PORTCHURN_CORE_TYPES_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

/* Values of the kernel's own enums; fixed by its ABI to user space. */
enum { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_PERCPU_ARRAY = 6, BPF_MAP_TYPE_LRU_HASH = 9 };
enum { BPF_MAP_TYPE_SK_STORAGE = 24, BPF_MAP_TYPE_RINGBUF = 27, BPF_MAP_TYPE_TASK_STORAGE = 29 };
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_F_NO_PREALLOC = 1, BPF_F_CLONE = 1 << 9 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1, BPF_RB_NO_WAKEUP = 1, BPF_RB_AVAIL_DATA = 0 };

enum tcp_state {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
};

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_MPTCP 262
#define SHUTDOWN_MASK 3
/* enum sock_flags */
#define SOCK_DEAD 0 /* no descriptor is left */
#define SOCK_DONE 1 /* tcp_fin() saw the peer's FIN */
#define SOCK_LINGER 4
#define PF_KTHREAD 0x00200000
#define S_IFMT 00170000
#define S_IFSOCK 0140000
#define EINTR 4
#define EEXIST 17
#define EPIPE 32
#define EADDRNOTAVAIL 99
#define ECONNABORTED 103
#define ECONNRESET 104
#define EISCONN 106
#define ETIMEDOUT 110
#define EALREADY 114
#define EINPROGRESS 115
#define ERESTARTSYS 512 /* 512 to 516: interrupted; the kernel decides later what the caller gets */
#define ERESTART_RESTARTBLOCK 516

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};
struct hlist_nulls_node {
	struct hlist_nulls_node *next;
};
struct hlist_nulls_head {
	struct hlist_nulls_node *first;
};
struct inet_ehash_bucket {
	struct hlist_nulls_head chain;
};
struct inet_hashinfo {
	struct inet_ehash_bucket *ehash;
	unsigned int ehash_mask;
};
typedef struct {
	int counter;
} refcount_like_t;
struct refcount_struct {
	refcount_like_t refs;
};
struct inet_timewait_death_row {
	struct refcount_struct tw_refcount; /* one more than entries; since about 5.18 */
	struct inet_hashinfo *hashinfo;
	int sysctl_max_tw_buckets;
};
typedef struct {
	int counter;
} atomic_t;
struct inet_timewait_death_row___counted { /* before that */
	atomic_t tw_count;
};
struct netns_ipv4 {
	struct inet_timewait_death_row tcp_death_row;
	int sysctl_tcp_fin_timeout; /* jiffies */
};
struct net {
	struct ns_common ns;
	__u64 net_cookie;
	struct netns_ipv4 ipv4;
};
struct netns_ipv4___apart { /* some kernels between 5.15 and 6.1 */
	struct inet_timewait_death_row *tcp_death_row;
};
struct net___apart {
	struct netns_ipv4___apart ipv4;
};
struct proto_tables {
	struct inet_hashinfo *hashinfo;
};
struct proto {
	struct proto_tables h; /* a union */
};
typedef struct {
	struct net *net;
} possible_net_t;
struct in6_addr {
	struct {
		__u8 u6_addr8[16];
	} in6_u;
};
typedef struct {
	__s64 counter;
} atomic64_t;

/* The head that full sockets, request sockets and TIME_WAIT sockets share. */
struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	unsigned int skc_hash;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	struct proto *skc_prot;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
	unsigned long skc_flags; /* by enum sock_flags */
	struct hlist_nulls_node skc_nulls_node;
};
struct kernfs_node {
	__u64 id;
	const char *name;
	struct kernfs_node *parent;
};
struct kernfs_node___renamed { /* since 6.15 */
	struct kernfs_node *__parent;
};
struct cgroup {
	struct kernfs_node *kn;
};
struct cgroup_subsys_state {
	struct cgroup *cgroup;
};
enum cgroup_subsys_id {
	memory_cgrp_id = 4, /* the kernel's own value is read when the program is loaded */
};
struct sock_cgroup_data {
	struct cgroup *cgroup;
};
typedef struct {
	int owned; /* some task is inside a system call on this socket */
} socket_lock_t;
struct sk_buff {
	char cb[48];
};
struct sk_buff_head {
	struct sk_buff *prev;
};
struct sock_extended_err {
	__u32 ee_errno;
};
struct sock_exterr_skb { /* lies in sk_buff.cb of an error queue */
	struct sock_extended_err ee;
};
struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_error_queue;
	socket_lock_t sk_lock;
	struct socket *sk_socket;
	__u16 sk_protocol;
	__u8 sk_shutdown;
	int sk_err;
	unsigned long sk_lingertime;
	struct sock_cgroup_data sk_cgrp_data;
};
struct inet_sock {
	struct sock sk;
	__be16 inet_sport;
	__u32 local_port_range; /* IP_LOCAL_PORT_RANGE, highest and lowest; 0: none. Since 6.8 */
};
struct port_halves {
	__u16 lo;
	__u16 hi;
};
struct inet_sock___halves { /* since 6.3 */
	struct port_halves local_port_range;
};
struct inet_bind_bucket {
	signed char fastreuse; /* -1: every owner's port was chosen by connect() */
	signed char fastreuseport;
};
struct inet_connection_sock {
	struct inet_bind_bucket *icsk_bind_hash;
	void *icsk_ulp_data;
};
struct tcp_sock {
	__u64 bytes_sent; /* payload, retransmissions included */
	__u64 bytes_retrans;
	__u64 bytes_received; /* the peer's FIN counts one */
	__u32 rcv_nxt;
	__u32 snd_nxt;
	int linger2;   /* jiffies; negative: no FIN_WAIT2 */
	bool is_mptcp; /* a subflow */
};
/* These exist where the kernel was built with MPTCP. */
struct mptcp_sock {
	struct sock *first; /* the subflow that the connection began with; NULL once it is gone */
};
struct mptcp_subflow_context {
	__u32 request_join : 1; /* a further subflow, that we open */
	__u32 mp_join : 1;      /* a further subflow, that is connected */
	struct sock *conn;      /* the struct mptcp_sock */
};
struct timer_list {
	unsigned long expires;
};
struct inet_timewait_sock {
	struct sock_common __tw_common;
	volatile unsigned char tw_substate;
	struct timer_list tw_timer;
};

struct qstr {
	const unsigned char *name;
};
struct inode {
	unsigned short i_mode;
	unsigned int i_nlink;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};
struct vfsmount {
	struct dentry *mnt_root;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};
typedef enum { SS_FREE = 0, SS_UNCONNECTED = 1 } socket_state;
struct socket {
	socket_state state; /* connect() in SS_CONNECTING asks for the result of an earlier connect() */
	struct sock *sk;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct mm_struct {
	struct file *exe_file;
	unsigned long arg_start;
	unsigned long arg_end;
};
typedef struct {
	unsigned int val;
} kuid_t;
struct cred {
	kuid_t uid;
};
struct signal_struct {
	atomic_t live; /* threads that have not exited */
};
struct css_set {
	struct cgroup_subsys_state *subsys[16]; /* one per controller that the kernel is built with */
	struct cgroup *dfl_cgrp;
};
struct nsproxy {
	struct net *net_ns;
};
struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	char comm[16];
	__u64 start_boottime;
	__u64 self_exec_id;
	__u64 parent_exec_id;
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	struct mm_struct *mm;
	struct files_struct *files;
	struct signal_struct *signal;
	const struct cred *cred;
	struct css_set *cgroups;
	struct nsproxy *nsproxy;
};

/* The context of iter/task_file. */
struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
};
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct file *file;
};

#pragma clang attribute pop

#endif
