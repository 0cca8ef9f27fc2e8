/**
 * What becomes of exited processes: each keeps its rows for ten minutes, unless its program has more dead than people can
 * read; then the oldest fold into their program, with exact counts.
 */

import type { Process } from '../model/process.js';
import type { Program, ProgramTable } from '../model/program.js';
import type { FailureTable } from '../tables/failure-table.js';
import type { FlowTable } from '../tables/flow-table.js';

/** Dead processes of one program that keep rows of their own. */
export const DEAD_PER_PROGRAM = 64;
const KEEP_MS = 600_000;
/** How long a program's name waits for the facts of a parent: /proc is read a moment after the announcement. */
const NAME_WAIT_MS = 2000;

export class DeadProcesses {
  private waiting: Process[] = [];

  constructor(
    private readonly flows: FlowTable,
    private readonly failures: FailureTable,
    private readonly programs: ProgramTable,
  ) {}

  add(process: Process): void {
    this.waiting.push(process);
  }

  /** Files the newly dead under their programs and folds what is too many or too old. Unix ms. */
  settle(now: number): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const process of waiting) {
      if (isReady(process, now)) this.file(process, now);
      else this.waiting.push(process);
    }
    for (const program of this.programs.all()) this.rollUpOld(program, now);
  }

  private file(process: Process, now: number): void {
    const program = this.programs.of(process);
    /* Without rows it folds at once: what may still come of its connections counts for the program. */
    if (!process.hasRows) this.rollUp(process, now);
    else program.dead.push(process);
    while (program.dead.length > DEAD_PER_PROGRAM) this.rollUp(program.dead.shift() as Process, now);
  }

  private rollUpOld(program: Program, now: number): void {
    let first = program.dead[0];
    while (first !== undefined && now - lastSeen(first) > KEEP_MS) {
      this.rollUp(first, now);
      program.dead.shift();
      first = program.dead[0];
    }
  }

  private rollUp(process: Process, now: number): void {
    const program = this.programs.of(process);
    process.rolledUp = true;
    for (const flow of [...process.flows]) {
      this.flows.rollUp(flow, this.flows.of(flow.namespace, program, flow.direction, flow.destination));
    }
    for (const failure of [...process.failures.values()]) this.failures.rollUp(failure, program, now);
  }
}

/**
 * Its program's name will not change any more; one without rows is given time to get some by the end of its connections. An
 * exit in the future is one from before the clock was set back.
 */
function isReady(process: Process, now: number): boolean {
  const named = process.completed && (process.parent === null || process.parent.completed);
  return (named && process.hasRows) || Math.abs(now - (process.exitedAt ?? 0)) > NAME_WAIT_MS;
}

function lastSeen(process: Process): number {
  let last = process.exitedAt ?? 0;
  for (const flow of process.flows) last = Math.max(last, flow.lastSeen);
  for (const failure of process.failures.values()) last = Math.max(last, failure.lastSeen);
  return last;
}
