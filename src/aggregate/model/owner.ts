/**
 * Who a connection belongs to: a process, or the program that dead processes fold into. Both own flows and show
 * themselves as a ProcessInfo. Unknown parts are null.
 */
import type { ProcessInfo } from '../../protocol/rows.js';
import type { Failure } from './failure.js';
import type { Flow } from './flow.js';

export interface Owner {
  /** Stable for the owner's life: part of its flows' keys. */
  readonly key: string;
  /** Unique among owners: processes count up from 1, programs down from -1. */
  readonly id: number;
  /** Null: a program, or a process nobody knows. */
  readonly pid: number | null;
  readonly flows: Set<Flow>;
  /** By failureKey. */
  readonly failures: Map<string, Failure>;
  /** Shown in rows. Cached: the same object until something changed. */
  info(): ProcessInfo;
  /** "curl (bash loop.sh)" */
  programName(): string | null;
}

export const UNKNOWN_PROCESS: ProcessInfo = {
  pid: null,
  startTime: null,
  ppid: null,
  parent: { pid: null, comm: null },
  comm: null,
  exe: null,
  cmdline: null,
  uid: null,
  cgroup: null,
  unit: null,
  container: null,
  pod: null,
  exited: null,
  self: false,
};
