/**
 * Processes: from the kernel's announcement, completed by what /proc knows. A process is its tgid and start time; the
 * tracer's id distinguishes it from any later process with the same pid.
 */
import type { ProcessInfo } from '../../protocol/rows.js';
import { type Args, hiddenArgsOf, lineOf } from '../../system/parse/cmdline.js';
import { commandOf, UNKNOWN_COMMAND } from '../../system/parse/command.js';
import { type ContainerFacts, type ContainerPath, type Part, shortId } from '../../system/parse/container.js';
import type { ProcFacts } from '../../system/parse/process.js';
import type { Aged } from './age-list.js';
import type { Owner } from './owner.js';
import type { Place, Program } from './program.js';
import { identityOf, Namer, type Names, nameWithParent } from './program-name.js';

/** What the table needs to know of the machine; answers come from caches. */
export interface ProcessContext {
  /** CLOCK_BOOTTIME ticks to Unix ms. */
  startTimeMs(ticks: number): number;
  /** Path of a control group's id as the kernel's events have it; null while unknown. */
  cgroupPath(id: bigint): string | null;
  /** The kernel has said it. */
  cgroupSeen(id: bigint, path: string): void;
  partOf(path: string): Part;
  /** What its runtime says of it; null while unknown. */
  containerFacts(container: ContainerPath): ContainerFacts | null;
  /** Our own tgid. */
  selfPid: number;
  /** Hides command-line arguments, in names made of them too. */
  redact: boolean;
}

/** What stays of a parent that is forgotten. */
interface Forgotten extends Pick<Names, 'name' | 'comm'> {
  readonly identity: string | null;
}

interface Whereabouts {
  readonly place: Place;
  readonly container: ContainerPath | null;
  /** What is known of the container. */
  readonly facts: ContainerFacts | null;
}

const NO_PLACE: Place = {
  cgroup: null,
  unit: null,
  container: null,
  image: null,
  pod: null,
  workload: null,
  workloadGuessed: null,
};
const NOWHERE: Whereabouts = { place: NO_PLACE, container: null, facts: null };

function whereIs(context: ProcessContext, cgroup: string): Whereabouts {
  const { container, unit } = context.partOf(cgroup);
  if (container === null) return { ...NOWHERE, place: { ...NO_PLACE, cgroup, unit } };
  const facts = context.containerFacts(container);
  const { image = null, pod = null, workload = null } = facts ?? {};
  const place = {
    cgroup,
    unit,
    container: facts?.name ?? container.name ?? shortId(container.id),
    image: image !== null && context.redact ? untagged(image) : image,
    pod,
    workload,
    // Of a pod nothing but its name says it.
    workloadGuessed: workload === null ? null : pod !== null,
  };
  return { place, container, facts };
}

/** @param fromProc the path in /proc, which may have a hierarchy of version 1 where the root says nothing */
function pathOf(context: ProcessContext, id: bigint, fromProc: string | null): string | null {
  const path = context.cgroupPath(id);
  return path === null || path === '/' ? (fromProc ?? path) : path;
}

/** More is known of its container, or another name. */
const isRenamed = (context: ProcessContext, { container, facts }: Whereabouts) =>
  container !== null && context.containerFacts(container) !== facts;

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
  /** As one line for people; where arguments are hidden, what is shown behind its name. */
  cmdline: string | null = null;
  command = UNKNOWN_COMMAND;
  uid: number | null = null;
  cgroupId = 0n;
  /** From /proc, where the kernel's event does not say. */
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
  /** Where it runs, as it is shown. */
  private where = NOWHERE;
  /** The last answers of names and programName, and what they were made of: each row asks. */
  private named: { exe: string | null; comm: string | null; command: object; names: Names } | null = null;
  private called: { name: string; parent: string; both: string } | null = null;
  private forgotten: Forgotten | null = null;
  /** Its part of what its program is, as it was when that was found. */
  private filedAs: string | null = null;

  /** @param id negative: the kernel gave it none */
  constructor(
    public id: number,
    private readonly context: ProcessContext,
    private readonly namer = new Namer(context.redact),
  ) {}

  get hasEnded(): boolean {
    return this.exitedAt !== null;
  }

  /** Who its events count for. */
  get accountable(): Owner {
    return this.rolledUp && this.program !== null ? this.program.accountable : this;
  }

  get kin(): Owner {
    return this.hasEnded && this.program !== null ? this.program.accountable : this.accountable;
  }

  /** A short one is gone before anybody asks, and the shell that started it is in the same container. */
  get living(): { readonly pid: number; readonly startTicks: number } | null {
    const { parent } = this;
    const isHere = parent !== null && parent.cgroupPath() === this.cgroupPath();
    const near: Process | null = !this.hasEnded ? this : isHere ? parent : null;
    if (near === null || near.hasEnded || near.pid === null || near.startTicks === null) return null;
    return { pid: near.pid, startTicks: near.startTicks };
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
    if (this.shown !== null && this.isBetterKnown(this.shown)) this.shown = null;
    this.shown ??= this.describe();
    return this.shown;
  }

  /** Where it runs is known later than who it is. */
  private isBetterKnown({ cgroup }: ProcessInfo): boolean {
    if (cgroup === null) return this.cgroupPath() !== null;
    return isRenamed(this.context, this.where);
  }

  /** What its rows said of it when they were made is no longer what is known. */
  get isOutdated(): boolean {
    return this.shown !== null && this.isBetterKnown(this.shown);
  }

  /** Something a row shows has changed. */
  changed(): void {
    this.shown = null;
  }

  names(): Names {
    const { exe, comm, command, named } = this;
    if (named?.exe === exe && named.comm === comm && named.command === command) return named.names;
    const names = this.namer.namesOf(this);
    this.named = { exe, comm, command, names };
    return names;
  }

  /** What makes two processes the same program: file, script, the parent's program, control group. */
  programIdentity(): string {
    this.filedAs ??= this.identity();
    return identityOf(this.filedAs, this.parentIdentity(), String(this.cgroupId));
  }

  private identity(): string {
    const { called, script } = this.names();
    return identityOf(this.exe, called, script);
  }

  private parentIdentity(): string | null {
    return this.parent?.identityAsParent() ?? (this.forgotten ?? this.onlyComm()).identity;
  }

  /** While its facts are outstanding nothing else is the same program: they may be any. */
  private identityAsParent(): string {
    return this.completed ? this.identity() : identityOf(this.identity(), this.key);
  }

  private parentNames(): Pick<Names, 'name' | 'comm'> {
    return this.parent?.names() ?? this.forgotten ?? this.onlyComm();
  }

  /** Of a parent that was never announced. It may be a script's name. */
  private onlyComm(): Forgotten {
    const comm = this.context.redact ? null : this.parentComm;
    return { name: comm, comm, identity: comm };
  }

  /** Only its names stay. */
  forgetParent(): void {
    const { name, comm } = this.parentNames();
    this.forgotten = { name, comm, identity: this.parentIdentity() };
    this.parent = null;
  }

  /** More is known of its parent, which it may have let go. */
  parentKnown(parent: Process): void {
    if (this.parent === null) {
      this.parent = parent;
      this.forgetParent();
    }
    this.inherit();
    this.changed();
  }

  parentName(): string | null {
    return this.parentNames().name;
  }

  programName(): string | null {
    const { name } = this.names();
    const parent = this.parentName();
    if (name === null || parent === null) return name;
    if (this.called?.name !== name || this.called.parent !== parent)
      this.called = { name, parent, both: nameWithParent(name, parent) };
    return this.called.both;
  }

  /** Fills what the kernel could not say; never overwrites what it said. */
  complete(facts: ProcFacts): void {
    this.startTicks ??= facts.startTicks;
    this.ppid ??= facts.ppid;
    this.parentComm ??= facts.parent?.comm ?? null;
    this.comm ??= facts.comm;
    this.exe ??= facts.exe;
    if (facts.args.head.length > 0) this.read(facts.args);
    this.uid ??= facts.uid;
    this.cgroup ??= facts.cgroup;
    this.changed();
  }

  /** A process that was only ever forked is named by its parent's program. */
  inherit(): void {
    if (!this.forked || this.parent === null || this.exe !== null) return;
    this.exe = this.parent.exe;
    this.cmdline ??= this.parent.cmdline;
    if (this.command === UNKNOWN_COMMAND) this.command = this.parent.command;
  }

  /** Its command line. A script that was known stays: the program may have put a title in its place. */
  read(args: Args): void {
    this.cmdline = this.context.redact ? hiddenArgsOf(args) : lineOf(args);
    const { script, inline } = this.command;
    if (script === null && inline === null) this.command = commandOf(this.exe, this.comm, args);
  }

  /** exec() replaces it: nothing of an earlier program may stay. */
  forgetProgram(): void {
    this.exe = null;
    this.cmdline = null;
    this.command = UNKNOWN_COMMAND;
  }

  private cgroupPath(): string | null {
    return pathOf(this.context, this.cgroupId, this.cgroup);
  }

  /** Where its program runs, which outlives it: the same object as long as that says the same. */
  placeByCgroup(): () => Place | null {
    const { context, cgroupId, cgroup: fromProc } = this;
    let where = NOWHERE;
    return () => {
      const cgroup = pathOf(context, cgroupId, fromProc);
      if (cgroup === null) return null;
      if (cgroup !== where.place.cgroup || isRenamed(context, where)) where = whereIs(context, cgroup);
      return where.place;
    };
  }

  private describe(): ProcessInfo {
    const { context } = this;
    const cgroup = this.cgroupPath();
    this.where = cgroup === null ? NOWHERE : whereIs(context, cgroup);
    const { name, interpreter, script, comm, called } = this.names();
    return {
      pid: this.pid,
      name,
      interpreter,
      script,
      startTime: this.startTicks === null ? null : context.startTimeMs(this.startTicks),
      ppid: this.ppid,
      parent: { pid: this.ppid, comm: context.redact ? this.parentNames().comm : this.parentComm },
      comm,
      exe: this.exe,
      cmdline: context.redact ? behind(called, this.cmdline) : this.cmdline,
      uid: this.uid,
      ...this.where.place,
      exited: this.pid === null ? null : this.exitedAt !== null,
      self: this.pid === context.selfPid,
    };
  }
}

/** A tag may say what is not to be read: a branch, a customer. */
const untagged = (image: string) => image.replace(/[:@][^/]*$/, '');

const behind = (name: string | null, args: string | null) =>
  name === null || args === null ? null : `${name}${args}`;
