/* SPDX-License-Identifier: MIT */
/*
 * The dump format: the records that the dumper's thread writes and src/decode/dump.ts reads. The dump of one namespace is
 *   dump_begin, dump_socket*, dump_gone*, dump_text*, dump_end
 * one of its settings alone has no dump_socket, and of dump_text the files before DUMP_FILE_NETSTAT.
 * One that goes on from a base is a difference: of the entries that the dumps before handed over with DUMP_SOCKET_KEPT it has
 * only those that changed, and a dump_gone of each that went.
 * Without dump_end it counts as not dumped.
 * Twin: src/decode/dump-layout.ts, same records, same order; a unit test compares the two, and the loader refuses an addon
 * of another EVENT_FORMAT. To change a field: change it here, its assertion below, its row in dump-layout.ts, and raise
 * EVENT_FORMAT (bpf/tcp_event.h, src/decode/layout.ts): one number covers all records of the addon.
 *
 * All fields are little-endian host integers at their natural alignment; there is no implicit padding. Every record is a
 * multiple of 8 bytes. Record types are distinct from those of bpf/tcp_event.h.
 */
#ifndef PORTCHURN_DUMP_RECORD_H
#define PORTCHURN_DUMP_RECORD_H

#include <linux/types.h>

enum dump_type {
	DUMP_BEGIN = 32,
	DUMP_SOCKET = 33,
	DUMP_TEXT = 34,
	DUMP_END = 35,
	DUMP_GONE = 36,
};

enum dump_socket_flags {
	DUMP_SOCKET_REQUEST = 1 << 0, /* a connection request that waits for the final ACK: no full socket yet */
	/* A TIME_WAIT entry that the next dump leaves out when it is unchanged, if it goes on from this one. */
	DUMP_SOCKET_KEPT = 1 << 1,
};

/* A setting or counter file; the order of DUMP_FILE_NAMES in dump-layout.ts. */
enum dump_file {
	DUMP_FILE_IP_LOCAL_PORT_RANGE = 0,
	DUMP_FILE_IP_LOCAL_RESERVED_PORTS = 1,
	DUMP_FILE_TCP_TW_REUSE = 2,
	DUMP_FILE_TCP_TW_REUSE_DELAY = 3,
	DUMP_FILE_TCP_TIMESTAMPS = 4,
	DUMP_FILE_TCP_FIN_TIMEOUT = 5,
	DUMP_FILE_TCP_MAX_TW_BUCKETS = 6,
	DUMP_FILE_NETSTAT = 7,
	DUMP_FILE_SOCKSTAT = 8,
	DUMP_FILE_SNMP = 9,
};

enum dump_text_flags {
	DUMP_TEXT_LAST = 1 << 0, /* the last piece of this file */
	DUMP_TEXT_CUT = 1 << 1,  /* with _LAST: the file is longer than DUMP_TEXT_LIMIT */
};

/* Bytes of text in one record, and of one file over all its records. */
#define DUMP_TEXT_PIECE 16384
#define DUMP_TEXT_LIMIT 262144

#define DUMP_OWNER_UNKNOWN 0xffffffffU

/* A namespace was entered, or could not be. 40 bytes. */
struct dump_begin {
	__u16 type;
	__u16 size;
	__u32 id;           /* the caller's number */
	__u64 started_ns;   /* CLOCK_MONOTONIC, before the dump: an older socket that is not in it had ended */
	__u64 netns_cookie; /* as in events; 0: not known (kernels before 5.14), or not entered */
	__u32 netns_inum;   /* inode of the namespace; 0: not found */
	__u32 error;        /* errno: why it could not be entered; 0 */
	__u32 base;         /* generation of the dump that this one goes on from; 0: it is whole */
	/* User who made the user namespace that the namespace belongs to, as this process sees users; 0 where that is this
	 * process's own one or above it. DUMP_OWNER_UNKNOWN: not known. */
	__u32 owner_uid;
};

/* One TCP socket, as sock_diag shows it. 64 bytes. */
struct dump_socket {
	__u16 type;
	__u16 size;
	/* The kernel's number. With timer 3 it is the substate of a mini-socket: 6 TIME_WAIT, 5 FIN_WAIT2. 13
	 * (TCP_BOUND_INACTIVE): bound, neither listening nor connecting. 7 (CLOSE): the state changed during the dump, and
	 * the new one is not known. */
	__u8 state;
	__u8 timer;
	__u8 family; /* AF_INET 2, AF_INET6 10: of the socket, so v4-mapped is 10 */
	__u8 flags;
	__u64 cookie;
	__u8 laddr[16]; /* IPv4 as ::ffff:a.b.c.d */
	__u8 raddr[16];
	__u16 lport; /* host byte order */
	__u16 rport;
	/* Of the timer; of a mini-socket, from started_ns of the dump on, and 0 when its timer is late. */
	__u32 expires_ms;
	__u32 uid;   /* in the user namespace of this process; 0 for mini-sockets and requests */
	__u32 inode; /* 0: no file holds it (mini-sockets, requests, orphans, not yet accepted) */
};

/* A piece of a file's text; after it `length` bytes, padded with zeros to a multiple of 8. A file that this kernel does not
 * have, or that cannot be read, has no record. 16 bytes and the text. */
struct dump_text {
	__u16 type;
	__u16 size; /* of the whole record */
	__u16 file;
	__u16 length;
	__u32 offset; /* of the piece in the file */
	__u16 flags;
	__u16 pad;
};

/* A TIME_WAIT entry of the base is no more. 16 bytes. */
struct dump_gone {
	__u16 type;
	__u16 size;
	__u32 pad;
	__u64 cookie;
};

/* 32 bytes. */
struct dump_end {
	__u16 type;
	__u16 size;
	__u32 id;
	__u64 ended_ns; /* CLOCK_MONOTONIC, when the last socket had been dumped */
	__u32 sockets;  /* dump_socket records between begin and end */
	/* errno; not 0: sockets are missing. EAGAIN: the kernel's tables changed during the dump, or the dumper received too
	 * slowly; ENOBUFS: the records were not taken in time; ECANCELED: the dumper was closed. Any other: why the
	 * namespace could not be entered or dumped. */
	__u32 error;
	__u32 unchanged;  /* TIME_WAIT entries of the base that are left out */
	__u32 generation; /* for the next dump, if it is to go on from this one; 0: it cannot */
};

#ifdef __cplusplus
#define DUMP_ASSERT(type, field, at) static_assert(__builtin_offsetof(struct type, field) == (at), #type "." #field)
DUMP_ASSERT(dump_begin, id, 4);
DUMP_ASSERT(dump_begin, started_ns, 8);
DUMP_ASSERT(dump_begin, netns_cookie, 16);
DUMP_ASSERT(dump_begin, netns_inum, 24);
DUMP_ASSERT(dump_begin, error, 28);
DUMP_ASSERT(dump_begin, base, 32);
DUMP_ASSERT(dump_begin, owner_uid, 36);
static_assert(sizeof(struct dump_begin) == 40, "dump_begin has padding");
DUMP_ASSERT(dump_socket, state, 4);
DUMP_ASSERT(dump_socket, timer, 5);
DUMP_ASSERT(dump_socket, family, 6);
DUMP_ASSERT(dump_socket, flags, 7);
DUMP_ASSERT(dump_socket, cookie, 8);
DUMP_ASSERT(dump_socket, laddr, 16);
DUMP_ASSERT(dump_socket, raddr, 32);
DUMP_ASSERT(dump_socket, lport, 48);
DUMP_ASSERT(dump_socket, rport, 50);
DUMP_ASSERT(dump_socket, expires_ms, 52);
DUMP_ASSERT(dump_socket, uid, 56);
DUMP_ASSERT(dump_socket, inode, 60);
static_assert(sizeof(struct dump_socket) == 64, "dump_socket has padding");
DUMP_ASSERT(dump_text, file, 4);
DUMP_ASSERT(dump_text, length, 6);
DUMP_ASSERT(dump_text, offset, 8);
DUMP_ASSERT(dump_text, flags, 12);
DUMP_ASSERT(dump_text, pad, 14);
static_assert(sizeof(struct dump_text) == 16, "dump_text has padding");
DUMP_ASSERT(dump_gone, pad, 4);
DUMP_ASSERT(dump_gone, cookie, 8);
static_assert(sizeof(struct dump_gone) == 16, "dump_gone has padding");
DUMP_ASSERT(dump_end, id, 4);
DUMP_ASSERT(dump_end, ended_ns, 8);
DUMP_ASSERT(dump_end, sockets, 16);
DUMP_ASSERT(dump_end, error, 20);
DUMP_ASSERT(dump_end, unchanged, 24);
DUMP_ASSERT(dump_end, generation, 28);
static_assert(sizeof(struct dump_end) == 32, "dump_end has padding");
#endif

#endif
