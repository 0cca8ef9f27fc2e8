/**
 * What becomes of exited processes: each keeps its rows for ten minutes, unless its program has more dead processes than
 * people can read, or there are more processes than the table holds; then the oldest are rolled up into their program, with
 * exact counts. However many rows one has, a call moves a bounded number of them.
 */
import type { Owner } from '../model/owner.js';
import type { Process } from '../model/process.js';
import type { Program } from '../model/program.js';
import type { FailureTable } from '../tables/failure-table.js';
import type { FlowTable } from '../tables/flow-table.js';
import type { ProcessTable } from '../tables/process-table.js';
import type { ProgramTable } from '../tables/program-table.js';

/** Dead processes of one program that keep rows of their own. */
export const DEAD_PER_PROGRAM = 64;
const KEEP_MS = 600_000;
/** Rows that one event moves at most, and one settle(): the first is more than an event can add. */
const ROWS_PER_EVENT = 64;
const ROWS_PER_SETTLE = 5000;
/** Programs whose oldest dead process one settle() looks at. */
const PROGRAMS_PER_SETTLE = 2000;
/** How long a process without rows is given to get some by the end of its connections. From when its exit was first seen here. */
const ROWS_WAIT_MS = 2000;
/**
 * How long a program's name waits for the facts of a process and of its parent. Asked for, they come, or it is said that there are
 * none: time means nothing, since a service that had no processor for seconds has not read them yet. This is for what was forgotten.
 */
const NAME_WAIT_MS = 30_000;

interface Waiting {
  readonly process: Process;
  /** Unix ms; null: nobody has looked at it yet. */
  readonly since: number | null;
}

export class DeadProcesses {
  private waiting: Waiting[] = [];
  /** Exited processes that still have rows of their own, oldest first. */
  private readonly dead = new Map<Program, Process[]>();
  private looked: Iterator<[Program, Process[]]> = this.dead.entries();
  /** Rows that are being moved, by their former owner. */
  private readonly moving: Iterator<void>[] = [];

  constructor(
    private readonly processes: ProcessTable,
    private readonly flows: FlowTable,
    private readonly failures: FailureTable,
    private readonly programs: ProgramTable,
  ) {}

  add(process: Process): void {
    this.waiting.push({ process, since: null });
  }

  /** Files the newly dead under their programs and rolls up what is too many or too old. Unix ms. */
  settle(now: number): void {
    const { waiting } = this;
    this.waiting = [];
    for (const { process, since } of waiting) {
      if (process.rolledUp || process.isForgotten) continue;
      // By distance: the clock may be set back meanwhile.
      if (isReady(process, Math.abs(now - (since ?? now)))) this.file(process);
      else this.waiting.push({ process, since: since ?? now });
    }
    this.rollUpOld(now);
    this.move(ROWS_PER_SETTLE);
  }

  /** What still comes of it counts for its program from now on; its rows follow, most often at once. */
  rollUp(process: Process): void {
    const program = this.programs.of(process);
    this.unfile(process, program);
    this.leave(process, program);
    this.move(ROWS_PER_EVENT);
  }

  /** As a program is, when there are too many: with it go the dead that still have rows of their own. */
  rollUpProgram(program: Program): void {
    const dead = this.deadOf(program);
    this.dead.delete(program);
    for (const process of dead) this.leave(process, program.accountable);
    this.moving.push(this.rowsOf(program, program.accountable));
    this.move(ROWS_PER_EVENT);
  }

  /** More is known of what started its processes: it has another name, or all of it belongs to another one now. */
  restarted(program: Program): void {
    if (program.rolledUpInto !== null) {
      this.take(program.accountable, program);
      this.moving.push(this.rowsOf(program, program.accountable));
    }
    this.flows.touchOwnedBy(program);
    this.failures.touchOwnedBy(program);
    this.move(ROWS_PER_EVENT);
  }

  /** The dead of one program become those of another. */
  private take(into: Program, from: Program): void {
    const dead = [...this.deadOf(from), ...this.deadOf(into)];
    this.dead.delete(from);
    if (dead.length === 0) return;
    dead.sort((a, b) => (a.exitedAt ?? 0) - (b.exitedAt ?? 0));
    this.dead.set(into, dead);
    while (dead.length > DEAD_PER_PROGRAM) this.rollUp(dead[0] as Process);
  }

  private deadOf(program: Program): Process[] {
    return this.dead.get(program) ?? [];
  }

  private leave(process: Process, program: Program): void {
    process.rolledUp = true;
    this.processes.noteRolledUp(process);
    this.moving.push(this.rowsOf(process, program));
  }

  private file(process: Process): void {
    /* Without rows it is rolled up at once: what may still come of its connections counts for the program. */
    if (!process.hasRows) {
      this.rollUp(process);
      return;
    }
    const program = this.programs.of(process);
    const dead = this.deadOf(program);
    this.dead.set(program, dead);
    dead.push(process);
    if (dead.length > DEAD_PER_PROGRAM) this.rollUp(dead[0] as Process);
  }

  private unfile(process: Process, program: Program): void {
    const dead = this.deadOf(program);
    const at = dead.indexOf(process);
    if (at >= 0) dead.splice(at, 1);
    if (dead.length === 0) this.dead.delete(program);
  }

  /** Goes on where the last call ended. */
  private rollUpOld(now: number): void {
    for (let left = Math.min(PROGRAMS_PER_SETTLE, this.dead.size); left > 0; left--) {
      let next = this.looked.next();
      if (next.done) {
        this.looked = this.dead.entries();
        next = this.looked.next();
      }
      if (next.done) return;
      const [, dead] = next.value;
      while (dead[0] !== undefined && now - this.lastSeen(dead[0]) > KEEP_MS) this.rollUp(dead[0]);
    }
  }

  private move(rows: number): void {
    for (let left = rows; left > 0 && this.moving[0] !== undefined; left--)
      if (this.moving[0].next().done) this.moving.shift();
  }

  /** Moves one row with each step. */
  private *rowsOf(owner: Owner, program: Program): Generator<void> {
    for (const flow of this.flows.ownedBy(owner)) {
      const into = program.accountable;
      this.flows.rollUp(flow, this.flows.of(flow.namespace, into, flow.direction, flow.destination));
      yield;
    }
    for (const failure of this.failures.ownedBy(owner)) {
      this.failures.rollUp(failure, program.accountable, failure.lastSeen);
      yield;
    }
  }

  private lastSeen(process: Process): number {
    let last = process.exitedAt ?? 0;
    for (const flow of this.flows.ownedBy(process)) last = Math.max(last, flow.lastSeen);
    for (const failure of this.failures.ownedBy(process)) last = Math.max(last, failure.lastSeen);
    return last;
  }
}

/** What there is to know of it and of its parent is known, and it has the rows that it will have. */
function isReady(process: Process, waitedMs: number): boolean {
  if (!process.hasRows && waitedMs <= ROWS_WAIT_MS) return false;
  const isNamed = process.completed && (process.parent === null || process.parent.completed);
  return isNamed || waitedMs > NAME_WAIT_MS;
}
