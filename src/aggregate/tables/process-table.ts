/**
 * All processes, by the tracer's id. In: announcements and exits. Out: owners for flows, and processes that need facts
 * of /proc. Bounded: the oldest exited processes without rows are forgotten first.
 */
import type { ProcessEvent } from '../../decode/batch.js';
import { PROCESS_FLAG } from '../../decode/layout.js';
import { joinArgs, splitArgs } from '../../system/parse/cmdline.js';
import { ARGS_LIMIT, type ProcFacts } from '../../system/parse/process.js';
import { ticksOf } from '../../system/parse/ticks.js';
import { Process, type ProcessContext } from '../model/process.js';

export class ProcessTable {
  private readonly processes = new Map<number, Process>();
  private readonly wanted: Process[] = [];
  /** Owner of everything whose owner is not known. */
  readonly unknown: Process;
  /** Exited processes in the order of their exits, for forgetting. */
  private readonly exited: Process[] = [];

  constructor(
    private readonly limit: number,
    private readonly context: ProcessContext,
  ) {
    this.unknown = new Process(0, context);
  }

  get size(): number {
    return this.processes.size;
  }

  /**
   * By id; one that was never announced (its announcement was lost) is known by its pid alone. Without an id (the kernel
   * had no memory for it) it is the unknown process: a pid alone may be another process tomorrow.
   */
  of(id: number, tgid: number): Process {
    if (id === 0) return this.unknown;
    const known = this.processes.get(id);
    if (known !== undefined) return known;
    const process = this.add(id);
    process.pid = tgid;
    this.want(process);
    return process;
  }

  /** Null when it was never announced. */
  find(id: number): Process | null {
    return this.processes.get(id) ?? null;
  }

  announce(event: ProcessEvent): Process {
    const process = this.processes.get(event.id) ?? this.add(event.id);
    fill(process, event);
    process.parent = this.processes.get(event.parent) ?? process.parent;
    process.inherit();
    process.changed();
    if (needsFacts(process, event)) this.want(process);
    else process.completed = true;
    return process;
  }

  /** @param at Unix ms */
  exit(id: number, at: number): Process | null {
    const process = this.processes.get(id);
    if (process === undefined || process.exitedAt !== null) return null;
    process.exitedAt = at;
    process.changed();
    this.exited.push(process);
    this.forget();
    return process;
  }

  /** Processes whose facts the caller should read from /proc, oldest first. */
  takeWanted(): Process[] {
    return this.wanted.splice(0);
  }

  complete(process: Process, facts: ProcFacts | null): void {
    process.completed = true;
    if (facts !== null) process.complete(facts);
    process.inherit();
    process.changed();
  }

  private add(id: number): Process {
    const process = new Process(id, this.context);
    this.processes.set(id, process);
    return process;
  }

  private want(process: Process): void {
    process.completed = false;
    this.wanted.push(process);
  }

  /** Only what no row shows any more may be forgotten; rows are rolled up by the aggregator's own bounds. */
  private forget(): void {
    let left = this.exited.length;
    while (this.processes.size > this.limit && left-- > 0) {
      const oldest = this.exited.shift() as Process;
      if (oldest.hasRows) this.exited.push(oldest);
      else this.processes.delete(oldest.id);
    }
  }
}

function fill(process: Process, event: ProcessEvent): void {
  const { flags } = event;
  process.pid = event.tgid;
  process.startTicks = ticksOf(event.startNs);
  process.ppid = event.ppid;
  process.parentComm = event.parentComm || null;
  process.comm = event.comm;
  process.uid = event.uid;
  process.cgroupId = event.cgroupId;
  process.forked = (flags & PROCESS_FLAG.FORKED) !== 0;
  fillProgram(process, event);
}

/** What exec() replaces: nothing of an earlier program may stay. */
function fillProgram(process: Process, event: ProcessEvent): void {
  const { flags, exe, cmdline } = event;
  process.exe = (flags & PROCESS_FLAG.EXE_CUT) === 0 && exe !== '' ? exe : null;
  process.cmdline = null;
  process.args = [];
  if (cmdline.length === 0) return;
  process.cmdline = joinArgs(cmdline, (flags & PROCESS_FLAG.CMDLINE_CUT) !== 0);
  process.args = splitArgs(cmdline, ARGS_LIMIT);
}

/** The command line was not readable in the kernel, or is longer than its record; or there is no cgroup v2 to name. */
function needsFacts(process: Process, event: ProcessEvent): boolean {
  if ((event.flags & (PROCESS_FLAG.KTHREAD | PROCESS_FLAG.NO_MM)) !== 0) return false;
  const cut = (event.flags & (PROCESS_FLAG.CMDLINE_CUT | PROCESS_FLAG.EXE_CUT)) !== 0;
  return cut || process.cmdline === null || process.exe === null;
}
