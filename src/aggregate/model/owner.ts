/**
 * Who a connection belongs to: a process, or the program that dead processes are rolled up into. Both show themselves as a
 * ProcessInfo, whose unknown parts are null. An owner knows nothing of its flows: the tables find those by owner.
 */
import type { ProcessInfo } from '../../protocol/rows.js';

export interface Owner {
  /** Stable for the owner's life: part of the keys of its flows. */
  readonly key: string;
  /** Unique among owners: processes count up from 1, programs down from -1. */
  readonly id: number;
  /** Who counts for it now: itself, or what it was rolled up into. */
  readonly accountable: Owner;
  /** Of an ended process its program, once that is known, although it has rows of its own; else who is accountable. */
  readonly kin: Owner;
  /** Null: a program, or an unknown process. */
  readonly pid: number | null;
  /** A process that lives where this one does, as far as is known: itself, or what started it. Null: none. */
  readonly living: { readonly pid: number; readonly startTicks: number } | null;
  /** A process that has exited. A program has not: its next process may begin. */
  readonly hasEnded: boolean;
  /** Flows and failures that belong to it. Counted by the tables. */
  rows: number;
  /** Shown in rows. Cached: the same object until something changed. */
  info(): ProcessInfo;
  /** "curl (loop.sh)" */
  programName(): string | null;
}
