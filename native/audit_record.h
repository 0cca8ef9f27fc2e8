/* SPDX-License-Identifier: MIT */
/*
 * The audit format: what the auditor's thread writes and src/decode/audit.ts reads. One namespace is
 *   audit_begin, audit_socket*, audit_text*, audit_end
 * and a namespace without its end is as good as not dumped.
 * Twin: src/decode/audit-layout.ts, same records, same order; a unit test compares the two, and the loader refuses an addon
 * of another EVENT_FORMAT. To change a field: change it here, its assertion below, its row in audit-layout.ts, and raise
 * EVENT_FORMAT (bpf/tcp_event.h, src/decode/layout.ts): one number stands for all that the addon hands over.
 *
 * All fields are little-endian host integers at their natural alignment; there is no implicit padding. Every record is a
 * multiple of 8 bytes. Record types are distinct from those of bpf/tcp_event.h.
 */
#ifndef PORTCHURN_AUDIT_RECORD_H
#define PORTCHURN_AUDIT_RECORD_H

#include <linux/types.h>

enum audit_type {
	AUDIT_BEGIN = 32,
	AUDIT_SOCKET = 33,
	AUDIT_TEXT = 34,
	AUDIT_END = 35,
};

enum audit_socket_flags {
	AUDIT_SOCKET_REQUEST = 1 << 0, /* a SYN that waits for its third ACK: there is no full socket yet */
};

/* A setting or counter file; the order of AUDIT_FILE_NAMES in audit-layout.ts. */
enum audit_file {
	AUDIT_FILE_IP_LOCAL_PORT_RANGE = 0,
	AUDIT_FILE_IP_LOCAL_RESERVED_PORTS = 1,
	AUDIT_FILE_TCP_TW_REUSE = 2,
	AUDIT_FILE_TCP_TW_REUSE_DELAY = 3,
	AUDIT_FILE_TCP_TIMESTAMPS = 4,
	AUDIT_FILE_TCP_FIN_TIMEOUT = 5,
	AUDIT_FILE_TCP_MAX_TW_BUCKETS = 6,
	AUDIT_FILE_NETSTAT = 7,
	AUDIT_FILE_SOCKSTAT = 8,
	AUDIT_FILE_SNMP = 9,
};

enum audit_text_flags {
	AUDIT_TEXT_LAST = 1 << 0, /* nothing of this file follows */
	AUDIT_TEXT_CUT = 1 << 1,  /* with _LAST: the file goes on, we do not */
};

/* Bytes of text in one record, and of one file over all its records. */
#define AUDIT_TEXT_PIECE 16384
#define AUDIT_TEXT_LIMIT 262144

/* A namespace was entered, or could not be. 32 bytes. */
struct audit_begin {
	__u16 type;
	__u16 size;
	__u32 id;           /* the caller's number */
	__u64 started_ns;   /* CLOCK_MONOTONIC, before the dump: what is older and not in it had ended */
	__u64 netns_cookie; /* as in events; 0: this kernel does not tell (before 5.14), or not entered */
	__u32 netns_inum;   /* inode of the namespace; 0: not even found */
	__u32 error;        /* errno: why it could not be entered; 0 */
};

/* One TCP socket, as sock_diag shows it. 64 bytes. */
struct audit_socket {
	__u16 type;
	__u16 size;
	/* The kernel's number. With timer 3 it is the substate of a mini-socket: 6 TIME_WAIT, 5 FIN_WAIT2. 13
	 * (TCP_BOUND_INACTIVE): bound, neither listening nor connecting. 7 (CLOSE): caught while it changed, to what is not
	 * known. */
	__u8 state;
	__u8 timer;
	__u8 family; /* AF_INET 2, AF_INET6 10: of the socket, so v4-mapped is 10 */
	__u8 flags;
	__u64 cookie;
	__u8 laddr[16]; /* IPv4 as ::ffff:a.b.c.d */
	__u8 raddr[16];
	__u16 lport; /* host byte order */
	__u16 rport;
	__u32 expires_ms; /* of the timer; a mini-socket whose timer runs late stands at 0 */
	__u32 uid;        /* as our user namespace sees it; 0 for mini-sockets and requests */
	__u32 inode;      /* 0: no file holds it (mini-sockets, requests, orphans, not yet accepted) */
};

/* A piece of a file's text; then `length` bytes, filled up with zeros to a multiple of 8. A file that this kernel does not
 * have, or that cannot be read, has no record. 16 bytes and the text. */
struct audit_text {
	__u16 type;
	__u16 size; /* of the whole record */
	__u16 file;
	__u16 length;
	__u32 offset; /* of the piece in the file */
	__u16 flags;
	__u16 pad;
};

/* 24 bytes. */
struct audit_end {
	__u16 type;
	__u16 size;
	__u32 id;
	__u64 ended_ns; /* CLOCK_MONOTONIC, when the last socket had been dumped */
	__u32 sockets;  /* audit_socket records between begin and end */
	/* errno; not 0: sockets are missing. EAGAIN: the kernel's tables changed under the dump or the reader was too slow;
	 * ENOBUFS: nobody took the records; ECANCELED: closed. Else why the namespace could not be entered or dumped. */
	__u32 error;
};

#ifdef __cplusplus
#define AUDIT_ASSERT(type, field, at) static_assert(__builtin_offsetof(struct type, field) == (at), #type "." #field)
AUDIT_ASSERT(audit_begin, id, 4);
AUDIT_ASSERT(audit_begin, started_ns, 8);
AUDIT_ASSERT(audit_begin, netns_cookie, 16);
AUDIT_ASSERT(audit_begin, netns_inum, 24);
AUDIT_ASSERT(audit_begin, error, 28);
static_assert(sizeof(struct audit_begin) == 32, "audit_begin has padding");
AUDIT_ASSERT(audit_socket, state, 4);
AUDIT_ASSERT(audit_socket, timer, 5);
AUDIT_ASSERT(audit_socket, family, 6);
AUDIT_ASSERT(audit_socket, flags, 7);
AUDIT_ASSERT(audit_socket, cookie, 8);
AUDIT_ASSERT(audit_socket, laddr, 16);
AUDIT_ASSERT(audit_socket, raddr, 32);
AUDIT_ASSERT(audit_socket, lport, 48);
AUDIT_ASSERT(audit_socket, rport, 50);
AUDIT_ASSERT(audit_socket, expires_ms, 52);
AUDIT_ASSERT(audit_socket, uid, 56);
AUDIT_ASSERT(audit_socket, inode, 60);
static_assert(sizeof(struct audit_socket) == 64, "audit_socket has padding");
AUDIT_ASSERT(audit_text, file, 4);
AUDIT_ASSERT(audit_text, length, 6);
AUDIT_ASSERT(audit_text, offset, 8);
AUDIT_ASSERT(audit_text, flags, 12);
AUDIT_ASSERT(audit_text, pad, 14);
static_assert(sizeof(struct audit_text) == 16, "audit_text has padding");
AUDIT_ASSERT(audit_end, id, 4);
AUDIT_ASSERT(audit_end, ended_ns, 8);
AUDIT_ASSERT(audit_end, sockets, 16);
AUDIT_ASSERT(audit_end, error, 20);
static_assert(sizeof(struct audit_end) == 24, "audit_end has padding");
#endif

#endif
