/**
 * Processes: from the kernel's announcement, completed by what /proc knows. A process is its tgid and start time; the
 * tracer's id distinguishes it from any later process with the same pid.
 */
import type { ProcessInfo } from '../../protocol/rows.js';
import type { ProcFacts } from '../../system/parse/process.js';
import type { Aged } from './age-list.js';
import type { Owner } from './owner.js';
import type { Program } from './program.js';
import { shortName } from './program-name.js';

/** What the table needs to know of the machine; answers come from caches. */
export interface ProcessContext {
  /** CLOCK_BOOTTIME ticks to Unix ms. */
  startTimeMs(ticks: number): number;
  /** Path of a cgroup v2 id; null while unknown. */
  cgroupPath(id: bigint): string | null;
  unitOf(path: string): string | null;
  /** Our own tgid. */
  selfPid: number;
  /** Hides command-line arguments, in names made of them too. */
  redact: boolean;
}

export class Process implements Owner, Aged<Process> {
  rows = 0;
  /** Its place in the table of processes. */
  list: Aged<Process>['list'] = null;
  older: Process | null = null;
  newer: Process | null = null;
  /** Something was asked of it since the table last looked for one to give up. */
  used = true;
  pid: number | null = null;
  startTicks: number | null = null;
  ppid: number | null = null;
  parent: Process | null = null;
  parentComm: string | null = null;
  comm: string | null = null;
  exe: string | null = null;
  /** As one line for people. */
  cmdline: string | null = null;
  /** The first arguments, for the program's name. */
  args: readonly string[] = [];
  uid: number | null = null;
  cgroupId = 0n;
  /** From /proc, where cgroup v2 does not say. */
  cgroup: string | null = null;
  /** Runs its parent's program: forked, not exec'ed. */
  forked = false;
  /** Unix ms. */
  exitedAt: number | null = null;
  /** Facts of /proc were asked for, and answered or refused. */
  completed = false;
  /** Set once, when its name will not change any more. */
  program: Program | null = null;
  /** Its rows went into its program; what still comes counts there. */
  rolledUp = false;
  private shown: ProcessInfo | null = null;
  /** The last answers of ownName and programName, and what they were made of: each row asks. */
  private named: {
    exe: string | null;
    comm: string | null;
    args: readonly string[];
    name: string | null;
  } | null = null;
  private called: { name: string; parent: string; both: string } | null = null;

  constructor(
    readonly id: number,
    private readonly context: ProcessContext,
  ) {}

  /** Who its events count for. */
  get accountable(): Owner {
    return this.rolledUp && this.program !== null ? this.program.accountable : this;
  }

  /** The table of processes has given it up. */
  get isForgotten(): boolean {
    return this.list === null;
  }

  /** A flow or a failure belongs to it. */
  get hasRows(): boolean {
    return this.rows > 0;
  }

  get key(): string {
    return this.pid === null ? `p?${this.id}` : `p${this.pid}.${this.startTicks ?? `?${this.id}`}`;
  }

  info(): ProcessInfo {
    if (this.shown !== null && this.shown.cgroup === null && this.cgroupPath() !== null) this.shown = null;
    this.shown ??= this.describe();
    return this.shown;
  }

  /** Something a row shows has changed. */
  changed(): void {
    this.shown = null;
  }

  /** This process's own name: "curl", "bash loop.sh"; a script's name is an argument too. */
  ownName(): string | null {
    const { exe, comm, args, named } = this;
    if (named?.exe === exe && named.comm === comm && named.args === args) return named.name;
    const name = shortName(exe, comm, this.context.redact ? [] : args);
    this.named = { exe, comm, args, name };
    return name;
  }

  parentName(): string | null {
    return this.parent?.ownName() ?? this.parentComm;
  }

  /** Only its name stays. */
  forgetParent(): void {
    this.parentComm = this.parentName();
    this.parent = null;
  }

  programName(): string | null {
    const name = this.ownName();
    const parent = this.parentName();
    if (name === null || parent === null) return name;
    if (this.called?.name !== name || this.called.parent !== parent)
      this.called = { name, parent, both: `${name} (${parent})` };
    return this.called.both;
  }

  /** Fills what the kernel could not say; never overwrites what it said. */
  complete(facts: ProcFacts): void {
    this.startTicks ??= facts.startTicks;
    this.ppid ??= facts.ppid;
    this.parentComm ??= facts.parent?.comm ?? null;
    this.comm ??= facts.comm;
    this.exe ??= facts.exe;
    if (this.cmdline === null || facts.cmdline !== null) this.cmdline = facts.cmdline;
    if (this.args.length === 0) this.args = facts.args;
    this.uid ??= facts.uid;
    this.cgroup ??= facts.cgroup;
    this.changed();
  }

  /** A process that was only ever forked is named by its parent's program. */
  inherit(): void {
    if (!this.forked || this.parent === null || this.exe !== null) return;
    this.exe = this.parent.exe;
    this.cmdline ??= this.parent.cmdline;
    if (this.args.length === 0) this.args = this.parent.args;
  }

  private cgroupPath(): string | null {
    return this.cgroup ?? this.context.cgroupPath(this.cgroupId);
  }

  /** The first word alone: a program that sets its own title puts its arguments there as one. */
  private redacted(): string | null {
    const [first = ''] = this.args;
    const hides = this.args.length > 1 || /\s/.test(first);
    return hides ? `${first.split(/\s/, 1)[0]} …` : this.cmdline;
  }

  private describe(): ProcessInfo {
    const { context } = this;
    const cgroup = this.cgroupPath();
    return {
      pid: this.pid,
      startTime: this.startTicks === null ? null : context.startTimeMs(this.startTicks),
      ppid: this.ppid,
      parent: { pid: this.ppid, comm: this.parentComm },
      comm: this.comm,
      exe: this.exe,
      cmdline: context.redact ? this.redacted() : this.cmdline,
      uid: this.uid,
      cgroup,
      unit: cgroup === null ? null : context.unitOf(cgroup),
      container: null,
      pod: null,
      exited: this.pid === null ? null : this.exitedAt !== null,
      self: this.pid === context.selfPid,
    };
  }
}
