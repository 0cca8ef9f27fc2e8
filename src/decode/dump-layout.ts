/**
 * The dump format: what the native dumper writes and dump.ts reads. One namespace is dump_begin, dump_socket*,
 * dump_gone*, dump_text*, dump_end; one without its end is as good as not dumped.
 * Twin: native/dump/dump_record.h, same records, same order; a unit test compares the two. Little-endian; no implicit padding.
 */
import { type Fields, placed } from './layout.js';

/** Record types, distinct from those of events. */
export const DUMP = { BEGIN: 32, SOCKET: 33, TEXT: 34, END: 35, GONE: 36 } as const;

/** dump_begin.owner_uid where it is not known. */
export const DUMP_OWNER_UNKNOWN = 0xffff_ffff;

export const DUMP_SOCKET_FLAG = { REQUEST: 1 << 0, KEPT: 1 << 1 } as const;
export const DUMP_TEXT_FLAG = { LAST: 1 << 0, CUT: 1 << 1 } as const;

/** Most bytes of text in one record, and of one file over all its records. */
export const DUMP_TEXT_PIECE = 16_384;
export const DUMP_TEXT_LIMIT = 262_144;

/** By the number in dump_text: files of /proc/sys/net/ipv4, then of /proc/net. */
export const DUMP_FILES = [
  'ip_local_port_range',
  'ip_local_reserved_ports',
  'tcp_tw_reuse',
  'tcp_tw_reuse_delay',
  'tcp_timestamps',
  'tcp_fin_timeout',
  'tcp_max_tw_buckets',
  'netstat',
  'sockstat',
  'snmp',
] as const;
export type DumpFile = (typeof DUMP_FILES)[number];

export const DUMP_RECORDS = {
  dump_begin: [
    ['type', 'u16'],
    ['size', 'u16'],
    ['id', 'u32'],
    ['started_ns', 'u64'],
    ['netns_cookie', 'u64'],
    ['netns_inum', 'u32'],
    ['error', 'u32'],
    ['base', 'u32'],
    ['owner_uid', 'u32'],
  ],
  dump_socket: [
    ['type', 'u16'],
    ['size', 'u16'],
    ['state', 'u8'],
    ['timer', 'u8'],
    ['family', 'u8'],
    ['flags', 'u8'],
    ['cookie', 'u64'],
    ['laddr', 'u8[16]'],
    ['raddr', 'u8[16]'],
    ['lport', 'u16'],
    ['rport', 'u16'],
    ['expires_ms', 'u32'],
    ['uid', 'u32'],
    ['inode', 'u32'],
  ],
  dump_text: [
    ['type', 'u16'],
    ['size', 'u16'],
    ['file', 'u16'],
    ['length', 'u16'],
    ['offset', 'u32'],
    ['flags', 'u16'],
    ['pad', 'u16'],
  ],
  dump_gone: [
    ['type', 'u16'],
    ['size', 'u16'],
    ['pad', 'u32'],
    ['cookie', 'u64'],
  ],
  dump_end: [
    ['type', 'u16'],
    ['size', 'u16'],
    ['id', 'u32'],
    ['ended_ns', 'u64'],
    ['sockets', 'u32'],
    ['error', 'u32'],
    ['unchanged', 'u32'],
    ['generation', 'u32'],
  ],
} as const satisfies Record<string, Fields>;
export type DumpRecordName = keyof typeof DUMP_RECORDS;
type FieldName<R extends DumpRecordName> = (typeof DUMP_RECORDS)[R][number][0];

/** Byte offset of every field of a record. */
export function dumpOffsetsOf<R extends DumpRecordName>(record: R): Record<FieldName<R>, number> {
  return placed(DUMP_RECORDS[record]).offsets as Record<FieldName<R>, number>;
}

/** Bytes of a record; of dump_text without its text. */
export function dumpSizeOf(record: DumpRecordName): number {
  return placed(DUMP_RECORDS[record]).size;
}
