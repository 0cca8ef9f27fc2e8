/**
 * What becomes of exited processes: each keeps its rows for ten minutes, unless its program has more dead than people can
 * read; then the oldest fold into their program, with exact counts.
 */
import type { FlowTable } from './flow-table.js';
import type { Process } from './process.js';
import type { ProgramTable } from './program.js';

/** Dead processes of one program that keep rows of their own. */
export const DEAD_PER_PROGRAM = 64;
const KEEP_MS = 600_000;
/** How long a program's name waits for the facts of a parent: /proc is read a moment after the announcement. */
const NAME_WAIT_MS = 2000;

export class DeadProcesses {
  private waiting: Process[] = [];
  /** In the order of their exits. */
  private readonly kept: Process[] = [];

  constructor(
    private readonly flows: FlowTable,
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
      if (process.flows.size === 0) continue;
      if (isNamed(process, now)) this.file(process);
      else this.waiting.push(process);
    }
    this.foldOld(now);
  }

  private file(process: Process): void {
    const program = this.programs.of(process);
    program.dead.push(process);
    this.kept.push(process);
    while (program.dead.length > DEAD_PER_PROGRAM) this.fold(program.dead.shift() as Process);
  }

  private foldOld(now: number): void {
    let first = this.kept[0];
    while (first !== undefined && (first.flows.size === 0 || now - lastSeen(first) > KEEP_MS)) {
      const program = this.programs.of(first);
      if (program.dead[0] === first) program.dead.shift();
      this.fold(first);
      this.kept.shift();
      first = this.kept[0];
    }
  }

  private fold(process: Process): void {
    const program = this.programs.of(process);
    process.folded = true;
    for (const flow of [...process.flows]) {
      this.flows.fold(flow, this.flows.of(flow.namespace, program, flow.direction, flow.destination));
    }
  }
}

/** Its program's name will not change any more. */
function isNamed(process: Process, now: number): boolean {
  const settled = process.completed && (process.parent === null || process.parent.completed);
  return settled || now - (process.exitedAt ?? 0) > NAME_WAIT_MS;
}

function lastSeen(process: Process): number {
  let last = process.exitedAt ?? 0;
  for (const flow of process.flows) last = Math.max(last, flow.lastSeen);
  return last;
}
