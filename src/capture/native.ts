/**
 * The addon's typed face. Everything native that JavaScript can call is declared here and nowhere else.
 * Errors cross as NativeError: what failed (`operation`), why (`code`, `errno`), and libbpf's last log lines.
 */

import type { VerdictPath } from '../protocol/frames.js';

/** Thrown by every native call that fails. `code` is the errno's name ("EPERM"), `errno` its positive number. */
export interface NativeError extends Error {
  code: string;
  errno: number;
  operation: string;
  log: string;
}

/** Tunables that become constants of the BPF program at load. */
export interface TracerOptions {
  /** Bytes; a power of two, a multiple of the page size. */
  ringBytes: number;
  /** Attach accept/connect/bind system call tracepoints. */
  syscalls: boolean;
  /** Judge closes without walking the kernel's table of sockets, although that could be done. */
  portableOutcome?: boolean;
}

/**
 * Counters since load. `ringLost`: events that overflowed the ring; `gaps`: transitions that the kernel showed to no copy
 * of the program, seen as gaps in a socket's states.
 */
export interface TracerStats {
  ringLost: number;
  overflowFull: number;
  gaps: number;
  /** Events written to the ring. */
  events: number;
  /** Transitions and calls that are not reported, because the kernel had no memory to remember their socket or thread. */
  storageFailures: number;
  /** Sockets without local storage, whose state is in a table of the tracer: nothing is lost unless that overflows. */
  spareStates: number;
  /** Processes not announced and older sockets without owner, for lack of room or memory; /proc fills in. */
  identityLost: number;
}

/** Which events the kernel may send. An empty list does not restrict; several lists are ANDed. */
export interface KernelFilter {
  tgids: number[];
  /** Local or remote port. */
  ports: number[];
  /** Inode numbers of network namespaces. */
  netns: number[];
}

export interface NativeTracer {
  attach(): void;
  /**
   * Copies whole records into `buffer`, which is 8-byte aligned; returns the bytes written. 0: the ring is empty. Never blocks,
   * one thread only. `coalesce`: a connection that opened and closed since the last call comes as one EVENT_COALESCED, where its open
   * was; without it, as two events.
   */
  drain(buffer: Uint8Array, coalesce?: boolean): number;
  /**
   * Takes the overflow counters out of the kernel: records of overflow_key followed by a u64 count since they were last taken. Returns
   * the bytes written; 0 also when a program was writing just then: the next call has them. The buffer holds at least 256 KiB.
   */
  takeOverflowCounters(buffer: Uint8Array): number;
  /**
   * Takes out of the kernel the owners of connections whose events had no room: records of lost_owner. Returns the bytes
   * written; less than the buffer holds: there are no more.
   */
  takeLostOwners(buffer: Uint8Array): number;
  /**
   * Copies EVENT_SEED records of sockets that were open before attach(), listeners first; gives them cookies and owners.
   * Returns the bytes written, 0: no more. Drain the ring before decoding them: it announces their processes. The buffer
   * holds at least 64 KiB.
   */
  seeds(buffer: Uint8Array): number;
  stats(): TracerStats;
  /** Sections of the programs that attach() and seeds() hang up: "tp_btf/inet_sock_set_state"; one may come twice. */
  hooks(): string[];
  /** How it is judged whether a close left a TIME_WAIT entry: by searching for it, or by the socket's last state alone. */
  outcomePath(): VerdictPath;
  setFilter(filter: KernelFilter): void;
  /** Traced processes send connect and transition events too. */
  setTraced(tgids: number[]): void;
  close(): void;
}

export interface DumpTarget {
  /** The caller's own number for it, 32 bits. */
  id: number;
  /** A network namespace: "/proc/PID/ns/net" or a named mount. */
  path: string;
  /** Leaves out sockets and counters. */
  settingsOnly?: boolean;
  /** Generation of the dump to go on from, 0: none. Without it the dump is whole, and none goes on from it. */
  base?: number;
  /** Cookies of entries of the base that are to be handed over again, as pairs of low and high half. */
  again?: Uint32Array;
}

/** Bounds of a dumper's memory. */
export interface DumpLimits {
  /** Most bytes dumped and not yet taken; 128 MiB. At least 256 KiB. */
  queueBytes?: number;
  /** How long a full queue stops the dump before that namespace's dump ends with ENOBUFS, ms; 10,000. */
  patienceMs?: number;
}

/** Records of src/decode/dump-layout.ts. */
export interface NativeSocketDumper {
  /** Dumps the targets one after another on the dumper's own thread. False: one is still running or not yet taken. */
  start(targets: DumpTarget[]): boolean;
  /**
   * Copies whole records dumped so far; returns the bytes written, 0: none right now, -1: finished and all taken. Never
   * blocks. The buffer holds at least 32 KiB.
   */
  take(buffer: Uint8Array): number;
  /** Ends a running dump and the thread. */
  close(): void;
}

/** What whoever made the mount namespace of a process has put into its /etc/hosts. */
export interface HostsText {
  /** Another one once the file was written or replaced. */
  readonly version: string;
  /** Null: it is the version that was known. */
  readonly bytes: Buffer | null;
}

/** Nothing here waits for a file: each is read by a thread of its own. */
export interface NativeHostsReader {
  /**
   * Begins to read the hosts file of a process. False: the last one is still being read, or four that were abandoned are.
   * @param known version that need not be read again, '' for none
   */
  start(pid: number, known: string): boolean;
  /**
   * What was started last, once. Undefined: it is not there yet. Null: no such process, or none that may be looked into, or no regular
   * file of at most 64 KiB that everybody may read; a link is none.
   */
  take(): HostsText | null | undefined;
  /** What was started last is no longer waited for. */
  abandon(): void;
  /** The file of this process was abandoned and has not come since. */
  waits(pid: number): boolean;
}

export interface TcpEnd {
  readonly address: string;
  readonly port: number;
}

export interface NativeAddon {
  readonly eventFormat: number;
  readonly sizes: Readonly<
    Record<
      'tcp_event' | 'process_event' | 'cgroup_event' | 'process_exit_event' | 'overflow_key' | 'lost_owner',
      number
    >
  >;
  readonly version: string;
  readonly libbpf: string;
  openTracer(options: TracerOptions): NativeTracer;
  openSocketDumper(limits?: DumpLimits): NativeSocketDumper;
  openHostsReader(): NativeHostsReader;
  /**
   * Drops every capability but these (numbers) and starts `words`, a file and its arguments, in place of this process. Does
   * not return. EPERM: CAP_SETPCAP is missing.
   */
  restartWith(capabilities: readonly number[], words: readonly string[]): never;
  /**
   * The uid of the process that has the TCP socket with these two ends (IPv4) in this network namespace. Null: there is none, or no
   * process has accepted it yet.
   */
  tcpOwner(local: TcpEnd, remote: TcpEnd): number | null;
  /** Ends the process, also while a read of a file has no answer. Nothing is flushed. */
  endAtOnce(code: number): never;
  /** One datagram to a unix socket; an address that begins with @ is abstract. Never blocks. */
  sendDatagram(address: string, text: string): void;
}
