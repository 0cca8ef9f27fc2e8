/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * The event format: the records that the BPF programs write and src/decode/ reads.
 * Twin: src/decode/layout.ts, same records, same order; a unit test compares the two, the addon exports the sizes, and the
 * loader refuses a mismatch. To change a field: change it here, its assertion below, its row in layout.ts, and raise
 * EVENT_FORMAT in both.
 * All fields are little-endian host integers at their natural alignment; there is no implicit padding.
 * Addresses are 16 bytes; IPv4 is written as ::ffff:a.b.c.d, so a v4-mapped socket and a plain IPv4 one have equal
 * addresses.
 */
#ifndef PORTCHURN_TCP_EVENT_H
#define PORTCHURN_TCP_EVENT_H

#ifndef __BPF__
#include <linux/types.h>
#endif

#define EVENT_FORMAT 9

enum event_type {
	EVENT_PROCESS = 1,      /* struct process_event: once per process and exec, before any event that names it */
	EVENT_PROCESS_EXIT = 2, /* struct process_exit_event: the last thread of an announced process is exiting */
	/* This and all that follow up to EVENT_COALESCED: struct tcp_event. CLOSE -> SYN_SENT of a traced process, or FLAG_RETRIED. */
	EVENT_CONNECT = 3,
	/* An outbound connection reached ESTABLISHED; an inbound one: only when system calls are not traced. */
	EVENT_ESTABLISHED = 4,
	/* accept() returned an inbound connection. */
	EVENT_ACCEPTED = 5,
	/* An attempt ended without reaching ESTABLISHED. When oldstate is CLOSE, connect() failed before SYN_SENT, and raddr
	 * and rport are its argument. */
	EVENT_FAILED = 6,
	/* An established connection reached CLOSE. */
	EVENT_CLOSED = 7,
	/* A socket started (newstate LISTEN) or stopped (oldstate LISTEN) listening. */
	EVENT_LISTEN = 8,
	/* Any state change; traced processes only. */
	EVENT_TRANSITION = 9,
	/* A socket that some process held when the tracer started; newstate is its state. Not in the ring: the iterators of
	 * seed.bpf.h return it. */
	EVENT_SEED = 10,
	/* bind() failed: laddr and lport are its argument; no direction. */
	EVENT_BIND_FAILED = 11,
	/* Opened and closed in one batch: as EVENT_CLOSED, with the owner of the open. Not in the ring: native/tracer/
	 * coalescer.h makes one event of the two. */
	EVENT_COALESCED = 12,
	/* struct cgroup_event: once per control group, before the first process_event that names it. */
	EVENT_CGROUP = 13,
};

enum event_direction { DIRECTION_NONE = 0, DIRECTION_OUT = 1, DIRECTION_IN = 2 };

/* How an established connection ended; order of END_NAMES in src/protocol/rows.ts, from 1. */
enum event_end {
	END_NONE = 0,
	END_TIME_WAIT = 1,
	END_FIN_WAIT2 = 2,
	END_PASSIVE = 3,
	END_RESET = 4,
	END_TIMEOUT = 5,
	END_OVERFLOW = 6,
	END_ABORTED = 7,
};

enum event_flags {
	FLAG_OWNER_IS_LISTENER = 1 << 0, /* owner is the listening process: no accept() was seen */
	FLAG_CLOSED_FIRST = 1 << 1,      /* this end sent its FIN before it saw the peer's */
	FLAG_BOUND_BEFORE = 1 << 2,      /* bind() had chosen the local port before connect() */
	FLAG_OPEN_SENT = 1 << 3,         /* the open of this connection was sent in an event */
	FLAG_PREEXISTING = 1 << 4,       /* older than the tracer */
	FLAG_TRACED = 1 << 5,            /* of a traced process: trace subscribers want it */
	FLAG_OPEN_OVERFLOWED = 1 << 6,   /* the open had no room in the ring: the overflow counters have it */
	FLAG_RETRIED = 1 << 7,           /* EVENT_CONNECT: the SYN was sent again, so the attempt lasts */
};

/* Also in `flags`, of EVENT_FAILED with EADDRNOTAVAIL: there was no FIN and no open, whose bits these are. */
enum failure_flags {
	FAILURE_OWN_RANGE = 1 << 1, /* the socket has a port range of its own (IP_LOCAL_PORT_RANGE) */
	FAILURE_NO_SOURCE = 1 << 3, /* IPv6, before SYN_SENT: there was no source address to choose */
};

/* One connection event. 128 bytes. */
struct tcp_event {
	__u16 type;
	__u16 size;
	__u32 tw_lifetime_ms; /* closed with END_TIME_WAIT/END_FIN_WAIT2: timer of the new mini-socket */
	__u64 time_ns;        /* CLOCK_MONOTONIC */
	__u64 cookie;         /* socket cookie; 0 unknown */
	__u64 netns_cookie;   /* never reused until reboot */
	__u64 bytes_sent;     /* payload, without retransmissions */
	__u64 bytes_received; /* payload */
	__u64 duration_ns;    /* closed: since ESTABLISHED; failed: since the attempt; 0 unknown */
	__u32 connect_us;     /* SYN_SENT -> ESTABLISHED; 0 unknown or inbound */
	__u32 netns_inum;     /* inode of the namespace, as stat -L shows it; reused after deletion */
	__u32 owner;          /* process_event.id of opener, acceptor or listener; 0 unknown */
	__u32 owner_tgid;
	__u32 closer; /* process_event.id of the process that sent the first local FIN or aborted; 0 unknown */
	__u32 closer_tgid;
	__u8 laddr[16];
	__u8 raddr[16];
	__u16 lport; /* host byte order */
	__u16 rport;
	__u8 family; /* AF_INET 2, AF_INET6 10: of the socket, so v4-mapped is 10 */
	__u8 direction;
	__u8 oldstate;
	__u8 newstate;
	__u16 err; /* positive errno; 0 none; failed with END_ABORTED: of the last ICMP answer */
	__u8 end;
	__u8 flags;
	/* closed after both FINs: the same at both ends, whatever addresses are translated between them; else 0. seq_mark_of() */
	__u32 seq_mark;
};

#define COMM_LEN 16
#define EXE_LEN 512
#define CMDLINE_LEN 1024
/* Of a longer command line: so many bytes of its beginning, and the last ones. */
#define CMDLINE_HEAD 512

enum process_flags {
	PROCESS_FORKED = 1 << 0,      /* neither it nor its parent has called exec() since the fork: it runs the program
					  of the parent */
	PROCESS_NO_MM = 1 << 1,       /* first seen while exiting: exe and cmdline were gone */
	PROCESS_CMDLINE_CUT = 1 << 2, /* the command line is longer than CMDLINE_LEN: its two ends */
	PROCESS_EXE_CUT = 1 << 3,     /* the path is deeper or longer than the record */
	PROCESS_EXE_DELETED = 1 << 4, /* the file was unlinked */
	PROCESS_AS_PARENT = 1 << 5, /* announced by another process (its child, the reader of seeds): no command line */
	PROCESS_KTHREAD = 1 << 6,
};

/* One process, announced at its first traced call and again after exec(). 1648 bytes. */
struct process_event {
	__u16 type;
	__u16 size;
	__u32 id; /* never 0, never reused by one tracer; the same process keeps it across exec() */
	__u64 time_ns;
	__u64 start_ns; /* task->start_boottime: CLOCK_BOOTTIME */
	__u64 cgroup_id; /* kernfs_node.id; with CGROUP_OF_V1 where the unified hierarchy has only its root for the process */
	__u64 netns_cookie;
	__u32 tgid;
	__u32 parent; /* process_event.id; 0 unknown */
	__u32 ppid;
	__u32 uid; /* of the init user namespace */
	__u32 netns_inum;
	__u32 flags;
	__u64 parent_start_ns;
	char comm[COMM_LEN]; /* of the thread-group leader */
	char parent_comm[COMM_LEN];
	__u16 exe_len;     /* bytes used in exe */
	__u16 cmdline_len; /* bytes used in cmdline */
	__u32 pad;
	char exe[EXE_LEN]; /* path components from the file to the root, each ended by NUL: "nginx\0sbin\0usr\0" */
	char cmdline[CMDLINE_LEN]; /* as in the memory of the process: arguments, each ended by NUL */
};

/* Set in cgroup_id: the group is the memory controller's, in a hierarchy of version 1, whose ids are another count. */
#define CGROUP_OF_V1 (1ULL << 63)
#define CGROUP_PATH_LEN 512

/* 536 bytes. */
struct cgroup_event {
	__u16 type;
	__u16 size;
	__u16 path_len; /* bytes used in path */
	__u16 cut;      /* not 0: the path is deeper or longer than the record */
	__u64 time_ns;
	__u64 cgroup_id;
	char path[CGROUP_PATH_LEN]; /* names from the group to the root, without the root's, each ended by NUL */
};

/* 24 bytes. */
struct process_exit_event {
	__u16 type;
	__u16 size;
	__u32 id;
	__u64 time_ns;
	__u32 tgid;
	__u32 pad;
};

/* Key of the maps of overflow counters: how many events (u64) the ring had no room for. 24 bytes. */
struct overflow_key {
	__u64 netns_cookie;
	__u32 owner;
	__u32 owner_tgid;
	__u8 direction;
	__u8 type;  /* enum event_type */
	__u8 flags; /* of the event: FLAG_CLOSED_FIRST, _BOUND_BEFORE, _OPEN_SENT, _OPEN_OVERFLOWED, _PREEXISTING;
		       all of enum failure_flags */
	__u8 err;   /* of a failure: errno values of TCP fit */
	__u32 netns_inum;
};

/* Value of the map `lost_owners`: the owner of a connection whose event had no room in the ring. 24 bytes. */
struct lost_owner {
	__u64 cookie;
	__u32 owner;
	__u32 owner_tgid;
	__u8 direction;
	__u8 flags; /* of the event: FLAG_OWNER_IS_LISTENER, _BOUND_BEFORE */
	__u16 pad;
	__u32 pad2;
};

#ifdef __cplusplus
#define _Static_assert static_assert
#endif
#define EVENT_ASSERT(type, field, at) _Static_assert(__builtin_offsetof(struct type, field) == (at), #type "." #field)
EVENT_ASSERT(tcp_event, tw_lifetime_ms, 4);
EVENT_ASSERT(tcp_event, time_ns, 8);
EVENT_ASSERT(tcp_event, cookie, 16);
EVENT_ASSERT(tcp_event, netns_cookie, 24);
EVENT_ASSERT(tcp_event, bytes_sent, 32);
EVENT_ASSERT(tcp_event, bytes_received, 40);
EVENT_ASSERT(tcp_event, duration_ns, 48);
EVENT_ASSERT(tcp_event, connect_us, 56);
EVENT_ASSERT(tcp_event, netns_inum, 60);
EVENT_ASSERT(tcp_event, owner, 64);
EVENT_ASSERT(tcp_event, owner_tgid, 68);
EVENT_ASSERT(tcp_event, closer, 72);
EVENT_ASSERT(tcp_event, closer_tgid, 76);
EVENT_ASSERT(tcp_event, laddr, 80);
EVENT_ASSERT(tcp_event, raddr, 96);
EVENT_ASSERT(tcp_event, lport, 112);
EVENT_ASSERT(tcp_event, rport, 114);
EVENT_ASSERT(tcp_event, family, 116);
EVENT_ASSERT(tcp_event, direction, 117);
EVENT_ASSERT(tcp_event, oldstate, 118);
EVENT_ASSERT(tcp_event, newstate, 119);
EVENT_ASSERT(tcp_event, err, 120);
EVENT_ASSERT(tcp_event, end, 122);
EVENT_ASSERT(tcp_event, flags, 123);
EVENT_ASSERT(tcp_event, seq_mark, 124);
_Static_assert(sizeof(struct tcp_event) == 128, "tcp_event has padding");
EVENT_ASSERT(process_event, id, 4);
EVENT_ASSERT(process_event, time_ns, 8);
EVENT_ASSERT(process_event, start_ns, 16);
EVENT_ASSERT(process_event, cgroup_id, 24);
EVENT_ASSERT(process_event, netns_cookie, 32);
EVENT_ASSERT(process_event, tgid, 40);
EVENT_ASSERT(process_event, parent, 44);
EVENT_ASSERT(process_event, ppid, 48);
EVENT_ASSERT(process_event, uid, 52);
EVENT_ASSERT(process_event, netns_inum, 56);
EVENT_ASSERT(process_event, flags, 60);
EVENT_ASSERT(process_event, parent_start_ns, 64);
EVENT_ASSERT(process_event, comm, 72);
EVENT_ASSERT(process_event, parent_comm, 88);
EVENT_ASSERT(process_event, exe_len, 104);
EVENT_ASSERT(process_event, cmdline_len, 106);
EVENT_ASSERT(process_event, pad, 108);
EVENT_ASSERT(process_event, exe, 112);
EVENT_ASSERT(process_event, cmdline, 624);
_Static_assert(sizeof(struct process_event) == 1648, "process_event has padding");
EVENT_ASSERT(cgroup_event, path_len, 4);
EVENT_ASSERT(cgroup_event, cut, 6);
EVENT_ASSERT(cgroup_event, time_ns, 8);
EVENT_ASSERT(cgroup_event, cgroup_id, 16);
EVENT_ASSERT(cgroup_event, path, 24);
_Static_assert(sizeof(struct cgroup_event) == 536, "cgroup_event has padding");
EVENT_ASSERT(process_exit_event, id, 4);
EVENT_ASSERT(process_exit_event, time_ns, 8);
EVENT_ASSERT(process_exit_event, tgid, 16);
EVENT_ASSERT(process_exit_event, pad, 20);
_Static_assert(sizeof(struct process_exit_event) == 24, "process_exit_event has padding");
EVENT_ASSERT(overflow_key, owner, 8);
EVENT_ASSERT(overflow_key, owner_tgid, 12);
EVENT_ASSERT(overflow_key, direction, 16);
EVENT_ASSERT(overflow_key, type, 17);
EVENT_ASSERT(overflow_key, flags, 18);
EVENT_ASSERT(overflow_key, err, 19);
EVENT_ASSERT(overflow_key, netns_inum, 20);
_Static_assert(sizeof(struct overflow_key) == 24, "overflow_key has padding");
EVENT_ASSERT(lost_owner, cookie, 0);
EVENT_ASSERT(lost_owner, owner, 8);
EVENT_ASSERT(lost_owner, owner_tgid, 12);
EVENT_ASSERT(lost_owner, direction, 16);
EVENT_ASSERT(lost_owner, flags, 17);
EVENT_ASSERT(lost_owner, pad, 18);
EVENT_ASSERT(lost_owner, pad2, 20);
_Static_assert(sizeof(struct lost_owner) == 24, "lost_owner has padding");

#endif
