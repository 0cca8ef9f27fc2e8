/**
 * The event format: what the BPF program writes and the decoder reads.
 * Twin: bpf/tcp_event.h, same records, same order; a unit test compares the two, and the loader refuses an addon built
 * with other sizes. Little-endian; there is no implicit padding.
 */
export const EVENT_FORMAT = 9;

/** Bytes of the beginning of a command line that is longer than its record; behind them are its last ones. */
export const CMDLINE_HEAD = 512;
export const CMDLINE_LEN = 1024;
export const CGROUP_PATH_LEN = 512;

export const EVENT = {
  PROCESS: 1,
  PROCESS_EXIT: 2,
  CONNECT: 3,
  ESTABLISHED: 4,
  ACCEPTED: 5,
  FAILED: 6,
  CLOSED: 7,
  LISTEN: 8,
  TRANSITION: 9,
  SEED: 10,
  BIND_FAILED: 11,
  COALESCED: 12,
  CGROUP: 13,
} as const;

/** Bit of a control group's id: it is the memory controller's, of version 1. */
export const CGROUP_OF_V1 = 1n << 63n;

export const DIRECTION = { NONE: 0, OUT: 1, IN: 2 } as const;

export const END = {
  NONE: 0,
  TIME_WAIT: 1,
  FIN_WAIT2: 2,
  PASSIVE: 3,
  RESET: 4,
  TIMEOUT: 5,
  OVERFLOW: 6,
  ABORTED: 7,
} as const;

export const FLAG = {
  OWNER_IS_LISTENER: 1 << 0,
  CLOSED_FIRST: 1 << 1,
  BOUND_BEFORE: 1 << 2,
  OPEN_SENT: 1 << 3,
  PREEXISTING: 1 << 4,
  TRACED: 1 << 5,
  OPEN_OVERFLOWED: 1 << 6,
  RETRIED: 1 << 7,
} as const;

/** Of FAILED with EADDRNOTAVAIL: bits of FLAG that mean nothing there. */
export const FAILURE_FLAG = { OWN_RANGE: 1 << 1, NO_SOURCE: 1 << 3 } as const;

export const PROCESS_FLAG = {
  FORKED: 1 << 0,
  NO_MM: 1 << 1,
  CMDLINE_CUT: 1 << 2,
  EXE_CUT: 1 << 3,
  EXE_DELETED: 1 << 4,
  AS_PARENT: 1 << 5,
  KTHREAD: 1 << 6,
} as const;

/** Bytes of one field, or of an array field. */
const WIDTH = {
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  'u8[16]': 16,
  'char[16]': 16,
  'char[512]': 512,
  'char[1024]': 1024,
} as const;
type FieldType = keyof typeof WIDTH;
export type Fields = readonly (readonly [name: string, type: FieldType])[];

export const RECORDS = {
  tcp_event: [
    ['type', 'u16'],
    ['size', 'u16'],
    ['tw_lifetime_ms', 'u32'],
    ['time_ns', 'u64'],
    ['cookie', 'u64'],
    ['netns_cookie', 'u64'],
    ['bytes_sent', 'u64'],
    ['bytes_received', 'u64'],
    ['duration_ns', 'u64'],
    ['connect_us', 'u32'],
    ['netns_inum', 'u32'],
    ['owner', 'u32'],
    ['owner_tgid', 'u32'],
    ['closer', 'u32'],
    ['closer_tgid', 'u32'],
    ['laddr', 'u8[16]'],
    ['raddr', 'u8[16]'],
    ['lport', 'u16'],
    ['rport', 'u16'],
    ['family', 'u8'],
    ['direction', 'u8'],
    ['oldstate', 'u8'],
    ['newstate', 'u8'],
    ['err', 'u16'],
    ['end', 'u8'],
    ['flags', 'u8'],
    ['seq_mark', 'u32'],
  ],
  process_event: [
    ['type', 'u16'],
    ['size', 'u16'],
    ['id', 'u32'],
    ['time_ns', 'u64'],
    ['start_ns', 'u64'],
    ['cgroup_id', 'u64'],
    ['netns_cookie', 'u64'],
    ['tgid', 'u32'],
    ['parent', 'u32'],
    ['ppid', 'u32'],
    ['uid', 'u32'],
    ['netns_inum', 'u32'],
    ['flags', 'u32'],
    ['parent_start_ns', 'u64'],
    ['comm', 'char[16]'],
    ['parent_comm', 'char[16]'],
    ['exe_len', 'u16'],
    ['cmdline_len', 'u16'],
    ['pad', 'u32'],
    ['exe', 'char[512]'],
    ['cmdline', 'char[1024]'],
  ],
  cgroup_event: [
    ['type', 'u16'],
    ['size', 'u16'],
    ['path_len', 'u16'],
    ['cut', 'u16'],
    ['time_ns', 'u64'],
    ['cgroup_id', 'u64'],
    ['path', 'char[512]'],
  ],
  process_exit_event: [
    ['type', 'u16'],
    ['size', 'u16'],
    ['id', 'u32'],
    ['time_ns', 'u64'],
    ['tgid', 'u32'],
    ['pad', 'u32'],
  ],
  overflow_key: [
    ['netns_cookie', 'u64'],
    ['owner', 'u32'],
    ['owner_tgid', 'u32'],
    ['direction', 'u8'],
    ['type', 'u8'],
    ['flags', 'u8'],
    ['err', 'u8'],
    ['netns_inum', 'u32'],
  ],
  lost_owner: [
    ['cookie', 'u64'],
    ['owner', 'u32'],
    ['owner_tgid', 'u32'],
    ['direction', 'u8'],
    ['flags', 'u8'],
    ['pad', 'u16'],
    ['pad2', 'u32'],
  ],
} as const satisfies Record<string, Fields>;
export type RecordName = keyof typeof RECORDS;
type FieldName<R extends RecordName> = (typeof RECORDS)[R][number][0];

/**
 * Byte offsets of fields that follow each other without padding, and the bytes of all. Parsed, since V8 makes a hash table of
 * an object that gets so many properties one by one: every field of every event would be searched in it.
 */
export function placed(fields: Fields): { offsets: Record<string, number>; size: number } {
  const offsets: Record<string, number> = {};
  let size = 0;
  for (const [name, type] of fields) {
    offsets[name] = size;
    size += WIDTH[type];
  }
  return { offsets: JSON.parse(JSON.stringify(offsets)) as typeof offsets, size };
}

/** Byte offset of every field of a record. */
export function offsetsOf<R extends RecordName>(record: R): Record<FieldName<R>, number> {
  return placed(RECORDS[record]).offsets as Record<FieldName<R>, number>;
}

/** Bytes of a whole record. */
export function sizeOf(record: RecordName): number {
  return placed(RECORDS[record]).size;
}
