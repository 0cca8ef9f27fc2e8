/**
 * What becomes of exited processes: each keeps its rows for ten minutes, unless its program has more dead processes than
 * people can read; then the oldest are rolled up into their program, with exact counts.
 */
import type { Process } from '../model/process.js';
import type { Program } from '../model/program.js';
import type { FailureTable } from '../tables/failure-table.js';
import type { FlowTable } from '../tables/flow-table.js';
import type { ProgramTable } from '../tables/program-table.js';

/** Dead processes of one program that keep rows of their own. */
export const DEAD_PER_PROGRAM = 64;
const KEEP_MS = 600_000;
/** How long a program's name waits for the facts of a parent: /proc is read a moment after the announcement. */
const NAME_WAIT_MS = 2000;

export class DeadProcesses {
  private waiting: Process[] = [];
  /** Exited processes that still have rows of their own, oldest first. */
  private readonly dead = new Map<Program, Process[]>();

  constructor(
    private readonly flows: FlowTable,
    private readonly failures: FailureTable,
    private readonly programs: ProgramTable,
  ) {}

  add(process: Process): void {
    this.waiting.push(process);
  }

  /** Files the newly dead under their programs and rolls up what is too many or too old. Unix ms. */
  settle(now: number): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const process of waiting) {
      if (isReady(process, now)) this.file(process, now);
      else this.waiting.push(process);
    }
    for (const [program, dead] of this.dead) this.rollUpOld(program, dead, now);
  }

  private file(process: Process, now: number): void {
    const program = this.programs.of(process);
    /* Without rows it is rolled up at once: what may still come of its connections counts for the program. */
    if (!process.hasRows) {
      this.rollUp(process, now);
      return;
    }
    const dead = this.dead.get(program) ?? [];
    this.dead.set(program, dead);
    dead.push(process);
    while (dead.length > DEAD_PER_PROGRAM) this.rollUp(dead.shift() as Process, now);
  }

  private rollUpOld(program: Program, dead: Process[], now: number): void {
    while (dead[0] !== undefined && now - this.lastSeen(dead[0]) > KEEP_MS)
      this.rollUp(dead.shift() as Process, now);
    if (dead.length === 0) this.dead.delete(program);
  }

  private rollUp(process: Process, now: number): void {
    const program = this.programs.of(process);
    process.rolledUp = true;
    for (const flow of [...this.flows.ownedBy(process)]) {
      this.flows.rollUp(flow, this.flows.of(flow.namespace, program, flow.direction, flow.destination));
    }
    for (const failure of [...this.failures.ownedBy(process)]) this.failures.rollUp(failure, program, now);
  }

  private lastSeen(process: Process): number {
    let last = process.exitedAt ?? 0;
    for (const flow of this.flows.ownedBy(process)) last = Math.max(last, flow.lastSeen);
    for (const failure of this.failures.ownedBy(process)) last = Math.max(last, failure.lastSeen);
    return last;
  }
}

/**
 * The name of its program will not change any more. A process without rows is given time to get some by the end of its
 * connections. An exit in the future is one from before the clock was set back.
 */
function isReady(process: Process, now: number): boolean {
  const isNamed = process.completed && (process.parent === null || process.parent.completed);
  return (isNamed && process.hasRows) || Math.abs(now - (process.exitedAt ?? 0)) > NAME_WAIT_MS;
}
