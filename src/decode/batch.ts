/**
 * One batch of records as the ring gave them, and cursors that read the record they stand on. A cursor is moved, never
 * created, so that no event costs an object. 64-bit ids are read as two u32 halves; times and byte counts as numbers
 * (exact below 2^53: 104 days of nanoseconds).
 */
import { CGROUP_PATH_LEN, CMDLINE_LEN, offsetsOf } from './layout.js';

const TWO_32 = 2 ** 32;
const T = offsetsOf('tcp_event');
const P = offsetsOf('process_event');
const G = offsetsOf('cgroup_event');
const X = offsetsOf('process_exit_event');
const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder();

/** The same bytes in every width. Records are 8-byte aligned and so is the buffer. */
export class Batch {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
  constructor(bytes: number | ArrayBuffer) {
    const buffer = typeof bytes === 'number' ? new ArrayBuffer(bytes) : bytes;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.u64 = new BigUint64Array(buffer);
  }
}

/** Reads fields of the record it stands on. */
export class Cursor {
  protected base = 0;
  constructor(protected readonly batch: Batch) {}
  moveTo(offset: number): this {
    this.base = offset;
    return this;
  }
  protected byte(offset: number): number {
    return this.batch.u8[this.base + offset] as number;
  }
  protected short(offset: number): number {
    return this.batch.u16[(this.base + offset) >> 1] as number;
  }
  protected word(offset: number): number {
    return this.batch.u32[(this.base + offset) >> 2] as number;
  }
  protected number64(offset: number): number {
    return this.word(offset) + this.word(offset + 4) * TWO_32;
  }
  protected big(offset: number): bigint {
    return this.batch.u64[(this.base + offset) >> 3] as bigint;
  }
  protected bytes(offset: number, length: number): Uint8Array {
    return this.batch.u8.subarray(this.base + offset, this.base + offset + length);
  }
}

/** struct tcp_event */
export class TcpEvent extends Cursor {
  get type(): number {
    return this.short(T.type);
  }
  get twLifetimeMs(): number {
    return this.word(T.tw_lifetime_ms);
  }
  get timeNs(): number {
    return this.number64(T.time_ns);
  }
  get cookieLow(): number {
    return this.word(T.cookie);
  }
  get cookieHigh(): number {
    return this.word(T.cookie + 4);
  }
  get cookie(): bigint {
    return this.big(T.cookie);
  }
  get netnsLow(): number {
    return this.word(T.netns_cookie);
  }
  get netnsHigh(): number {
    return this.word(T.netns_cookie + 4);
  }
  get netnsCookie(): bigint {
    return this.big(T.netns_cookie);
  }
  get bytesSent(): number {
    return this.number64(T.bytes_sent);
  }
  get bytesReceived(): number {
    return this.number64(T.bytes_received);
  }
  get durationNs(): number {
    return this.number64(T.duration_ns);
  }
  get connectUs(): number {
    return this.word(T.connect_us);
  }
  get netnsInum(): number {
    return this.word(T.netns_inum);
  }
  get owner(): number {
    return this.word(T.owner);
  }
  get ownerTgid(): number {
    return this.word(T.owner_tgid);
  }
  get closer(): number {
    return this.word(T.closer);
  }
  get closerTgid(): number {
    return this.word(T.closer_tgid);
  }
  /** One of the four 32-bit words of an address, 0 to 3, as they lie in memory. */
  localWord(index: number): number {
    return this.word(T.laddr + index * 4);
  }
  remoteWord(index: number): number {
    return this.word(T.raddr + index * 4);
  }
  get localBytes(): Uint8Array {
    return this.bytes(T.laddr, 16);
  }
  get remoteBytes(): Uint8Array {
    return this.bytes(T.raddr, 16);
  }
  get localPort(): number {
    return this.short(T.lport);
  }
  get remotePort(): number {
    return this.short(T.rport);
  }
  get family(): number {
    return this.byte(T.family);
  }
  get direction(): number {
    return this.byte(T.direction);
  }
  get oldState(): number {
    return this.byte(T.oldstate);
  }
  get newState(): number {
    return this.byte(T.newstate);
  }
  get err(): number {
    return this.short(T.err);
  }
  get end(): number {
    return this.byte(T.end);
  }
  get flags(): number {
    return this.byte(T.flags);
  }
  /** Of a close after both FINs: the same at both ends. 0: not known. */
  get seqMark(): number {
    return this.word(T.seq_mark);
  }
}

/** struct process_event. Texts are what the process says of itself: hostile until escaped. */
export class ProcessEvent extends Cursor {
  get id(): number {
    return this.word(P.id);
  }
  get timeNs(): number {
    return this.number64(P.time_ns);
  }
  get startNs(): bigint {
    return this.big(P.start_ns);
  }
  get cgroupId(): bigint {
    return this.big(P.cgroup_id);
  }
  get netnsCookie(): bigint {
    return this.big(P.netns_cookie);
  }
  get netnsInum(): number {
    return this.word(P.netns_inum);
  }
  get tgid(): number {
    return this.word(P.tgid);
  }
  get parent(): number {
    return this.word(P.parent);
  }
  get ppid(): number {
    return this.word(P.ppid);
  }
  get uid(): number {
    return this.word(P.uid);
  }
  get flags(): number {
    return this.word(P.flags);
  }
  get parentStartNs(): bigint {
    return this.big(P.parent_start_ns);
  }
  get comm(): string {
    return cString(this.bytes(P.comm, 16));
  }
  get parentComm(): string {
    return cString(this.bytes(P.parent_comm, 16));
  }
  /** "/usr/sbin/nginx": the kernel stores the path's components leaf first. "" when it had none. */
  get exe(): string {
    const parts = names(this.bytes(P.exe, Math.min(this.short(P.exe_len), P.cmdline - P.exe)));
    return parts.length === 0 ? '' : `/${parts.reverse().join('/')}`;
  }
  /** Arguments as they lie in memory, each ended by NUL; a copy. With CMDLINE_CUT: CMDLINE_HEAD bytes, and the last ones. */
  get cmdline(): Uint8Array {
    return this.bytes(P.cmdline, Math.min(this.short(P.cmdline_len), CMDLINE_LEN)).slice();
  }
}

/** struct cgroup_event. Whoever may make control groups chose the names: hostile until escaped. */
export class CgroupEvent extends Cursor {
  get id(): bigint {
    return this.big(G.cgroup_id);
  }
  /** From the root of its hierarchy, "/" for the root itself; null when it had no room in the record. */
  get path(): string | null {
    if (this.short(G.cut) !== 0) return null;
    return `/${names(this.bytes(G.path, Math.min(this.short(G.path_len), CGROUP_PATH_LEN)))
      .reverse()
      .join('/')}`;
  }
}

/** struct process_exit_event */
export class ProcessExitEvent extends Cursor {
  get id(): number {
    return this.word(X.id);
  }
  get timeNs(): number {
    return this.number64(X.time_ns);
  }
}

/** Texts that are ended by NUL each. */
const names = (bytes: Uint8Array) => utf8.decode(bytes).split('\0').slice(0, -1);

function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const used = end < 0 ? bytes : bytes.subarray(0, end);
  return used.some((byte) => byte > 127) ? utf8.decode(used) : latin1.decode(used);
}
