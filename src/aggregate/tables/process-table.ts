/**
 * All processes, by the tracer's id. In: announcements and exits. Out: owners for flows, and processes that need facts
 * of /proc. Bounded, in a bounded number of steps for each new process: those that exited and have no row are forgotten
 * first, the oldest before the others; then the oldest that exited are rolled up; then those that run and were quiet.
 */
import type { ProcessEvent } from '../../decode/batch.js';
import { CMDLINE_HEAD, PROCESS_FLAG } from '../../decode/layout.js';
import { argsOf } from '../../system/parse/cmdline.js';
import type { ParentFacts, ProcFacts } from '../../system/parse/process.js';
import { ticksOf } from '../../system/parse/ticks.js';
import { AgeList } from '../model/age-list.js';
import { Process, type ProcessContext } from '../model/process.js';
import { Namer } from '../model/program-name.js';

/** Processes looked at, at most, to find one that can go. */
const STEPS = 16;

export class ProcessTable {
  private readonly processes = new Map<number, Process>();
  /** The latest that had this pid. */
  private readonly byPid = new Map<number, Process>();
  private readonly wanted: Process[] = [];
  /** Owner of everything whose owner is not known. */
  readonly unknown: Process;
  private readonly running = new AgeList<Process>();
  /** Exited; those without rows apart from those that had rows when they exited, or when they were last looked at. */
  private readonly idle = new AgeList<Process>();
  private readonly shown = new AgeList<Process>();
  private readonly namer: Namer;
  private lastId = 0;
  private looked: Iterator<Process> = this.processes.values();

  /** @param rollUp gives the rows of a process to its program, for good */
  constructor(
    private readonly limit: number,
    private readonly context: ProcessContext,
    private readonly rollUp: (process: Process) => void,
  ) {
    this.namer = new Namer(context.redact);
    this.unknown = new Process(0, context, this.namer);
  }

  get size(): number {
    return this.processes.size;
  }

  all(): Iterable<Process> {
    return this.processes.values();
  }

  /**
   * By id; one that was never announced (its announcement was lost) is known by its pid alone. Without an id (the kernel
   * had no memory for it) it is the unknown process: a pid alone may be another process tomorrow.
   */
  of(id: number, tgid: number): Process {
    if (id === 0) return this.unknown;
    const known = this.processes.get(id);
    if (known !== undefined) {
      known.used = true;
      return known;
    }
    const process = this.add(id);
    this.setPid(process, tgid);
    this.want(process);
    return process;
  }

  /** Null when it was never announced. */
  find(id: number): Process | null {
    return this.processes.get(id) ?? null;
  }

  announce(event: ProcessEvent): Process {
    const process = this.processes.get(event.id) ?? this.adopt(event) ?? this.add(event.id);
    this.setPid(process, event.tgid);
    fill(process, event);
    process.parent = this.parentOf(event) ?? process.parent;
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
    if (process.hasRows) this.shown.append(process);
    else this.idle.append(process);
    return process;
  }

  /** It has no rows and will have none, since what still comes of it counts for its program. */
  noteRolledUp(process: Process): void {
    if (this.processes.get(process.id) === process) this.idle.append(process);
  }

  /** Processes whose facts the caller should read from /proc, oldest first. */
  takeWanted(): Process[] {
    return this.wanted.splice(0);
  }

  complete(process: Process, facts: ProcFacts | null): void {
    process.completed = true;
    if (facts !== null) {
      process.complete(facts);
      process.parent ??= this.parentIn(facts, process.hasRows);
    }
    process.inherit();
    process.changed();
  }

  /**
   * The kernel had no memory for an id of the parent, or no room for its announcement, or it was forgotten since: then its pid
   * and its start say who it is, and /proc the rest. Else the programs of its children would be others than those of their siblings.
   */
  private parentOf({ parent, ppid, parentStartNs, parentComm }: ProcessEvent): Process | null {
    const startTicks = ticksOf(parentStartNs);
    const known = this.processes.get(parent) ?? this.byStart(ppid, startTicks);
    if (known !== null || ppid === 0 || parentStartNs === 0n) return known;
    return this.addParent(parent, { pid: ppid, startTicks, comm: parentComm });
  }

  /** Of a process that was not announced. Parents of parents are nobody's names. */
  private parentIn({ parent }: ProcFacts, hasRows: boolean): Process | null {
    if (parent === null) return null;
    return this.byStart(parent.pid, parent.startTicks) ?? (hasRows ? this.addParent(0, parent) : null);
  }

  /** @param id 0: none is known */
  private addParent(id: number, { pid, startTicks, comm }: ParentFacts): Process {
    const process = this.add(id === 0 ? --this.lastId : id);
    this.setPid(process, pid);
    process.startTicks = startTicks;
    process.comm = comm || null;
    this.want(process);
    return process;
  }

  private byStart(pid: number, ticks: number): Process | null {
    const process = this.byPid.get(pid);
    return process?.startTicks === ticks ? process : null;
  }

  /** A parent without an id gets its own. It has no row: the kernel names the owners of those by their ids. */
  private adopt({ id, tgid, startNs }: ProcessEvent): Process | null {
    const process = this.byStart(tgid, ticksOf(startNs));
    if (process === null || process.id >= 0) return null;
    this.processes.delete(process.id);
    process.id = id;
    this.processes.set(id, process);
    return process;
  }

  private setPid(process: Process, pid: number): void {
    process.pid = pid;
    this.byPid.set(pid, process);
  }

  /** Those that are believed to run, in turn: each call goes on where the last one ended, and looks at so many at most. */
  nextRunning(steps: number): Process[] {
    const found: Process[] = [];
    for (let left = Math.min(steps, this.processes.size); left > 0; left--) {
      let next = this.looked.next();
      if (next.done) {
        this.looked = this.processes.values();
        next = this.looked.next();
      }
      if (!next.done && next.value.exitedAt === null) found.push(next.value);
    }
    return found;
  }

  private add(id: number): Process {
    if (this.processes.size >= this.limit) this.makeRoom();
    const process = new Process(id, this.context, this.namer);
    this.processes.set(id, process);
    this.running.append(process);
    return process;
  }

  private want(process: Process): void {
    process.completed = false;
    this.wanted.push(process);
  }

  private makeRoom(): void {
    for (let steps = STEPS; this.processes.size >= this.limit; steps--) {
      const oldest = this.idle.oldest ?? this.shown.oldest ?? this.running.oldest;
      if (oldest === null) return;
      if (steps <= 0 || !this.spares(oldest)) this.forget(oldest);
    }
  }

  /** It has got rows since its exit, or runs and was heard of lately: it is looked at again when it is the oldest again. */
  private spares(process: Process): boolean {
    if (process.rolledUp) return false;
    if (process.list === this.idle && process.hasRows) this.shown.append(process);
    else if (process.list === this.running && process.used) this.running.append(process);
    else return false;
    process.used = false;
    return true;
  }

  /** No row may show what is not known: its rows are rolled up before. Nor may a long line of parents stay for one child. */
  private forget(process: Process): void {
    if (!process.rolledUp) this.rollUp(process);
    process.list?.remove(process);
    this.processes.delete(process.id);
    if (process.pid !== null && this.byPid.get(process.pid) === process) this.byPid.delete(process.pid);
    process.forgetParent();
  }
}

function fill(process: Process, event: ProcessEvent): void {
  const { flags } = event;
  process.startTicks = ticksOf(event.startNs);
  process.ppid = event.ppid;
  process.parentComm = event.parentComm || null;
  process.comm = event.comm;
  process.uid = event.uid;
  process.cgroupId = event.cgroupId;
  process.forked = (flags & PROCESS_FLAG.FORKED) !== 0;
  fillProgram(process, event);
}

function fillProgram(process: Process, event: ProcessEvent): void {
  const { flags, cmdline } = event;
  const exe = (flags & PROCESS_FLAG.EXE_CUT) === 0 && event.exe !== '' ? event.exe : null;
  if (!isTwice(process, flags, exe)) process.forgetProgram();
  process.exe = exe;
  if (cmdline.length === 0) return;
  const isCut = (flags & PROCESS_FLAG.CMDLINE_CUT) !== 0;
  const head = isCut ? cmdline.subarray(0, CMDLINE_HEAD) : cmdline;
  process.read(argsOf({ head, tail: isCut ? cmdline.subarray(CMDLINE_HEAD) : null }));
}

/** As a parent it is announced once: a second time only beside itself, on another processor, and then there is nothing new. */
function isTwice(process: Process, flags: number, exe: string | null): boolean {
  return (flags & PROCESS_FLAG.AS_PARENT) !== 0 && exe !== null && process.exe === exe;
}

/** The command line was not readable in the kernel, or is longer than its record; or there is no cgroup v2 to name. */
function needsFacts(process: Process, event: ProcessEvent): boolean {
  if ((event.flags & (PROCESS_FLAG.KTHREAD | PROCESS_FLAG.NO_MM)) !== 0) return false;
  const cut = (event.flags & (PROCESS_FLAG.CMDLINE_CUT | PROCESS_FLAG.EXE_CUT)) !== 0;
  return cut || process.cmdline === null || process.exe === null;
}
