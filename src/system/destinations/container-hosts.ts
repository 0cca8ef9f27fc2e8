/**
 * What containers call destinations: each by its own hosts file, which whoever prepared its mount namespace has written. In: control groups of
 * containers, and processes of them that live; a reader that never waits. Out: names for flows of that control group, and of no other.
 * A container that does not answer holds up nobody.
 */
import { parseHosts } from '../parse/hosts.js';
import { readStat } from '../proc.js';
import { type Living, topOfGroup } from './top-of-group.js';

/** As capture/hosts-files.ts reads it. `bytes` null: it is the version that was known. */
export interface HostsText {
  readonly version: string;
  readonly bytes: Buffer | null;
}
/** Null: nothing that may be read. `late`: its file system does not answer. `busy`: too many others do not. */
type Answer = HostsText | null | 'late' | 'busy';
/** Control groups of containers that want names, and why they have none. */
export interface HostsTrouble {
  /** The file system of their file does not answer. */
  readonly silent: readonly string[];
  /** Those of others do not, and no more are waited for. */
  readonly unread: readonly string[];
  /** Others have all places. */
  readonly isFull: boolean;
}

export type ReadHosts = (pid: number, known: string) => Promise<Answer>;

export interface HostsLimits {
  /** Containers whose files are kept. */
  files: number;
  /** Addresses of one file that are looked at. */
  each: number;
  /** Names of all files together. */
  names: number;
  checkMs: number;
  /** Until a file that did not come is asked for again. */
  lateMs: number;
  /** A file that no flow has asked for since gives its place to another. */
  unusedMs: number;
}

const LIMITS: HostsLimits = {
  files: 256,
  each: 1024,
  names: 65_536,
  checkMs: 10_000,
  lateMs: 600_000,
  unusedMs: 60_000,
};
const NO_NAMES: ReadonlyMap<string, string> = new Map();

interface File {
  names: ReadonlyMap<string, string>;
  version: string;
  /** performance.now(); a flow asked for it, it may be read again. */
  askedAt: number;
  dueAt: number;
  /** By whose root it is read next. */
  through: Living | null;
  /** Why the last reading came to nothing. */
  missing: 'late' | 'busy' | null;
  /** Another has its place. */
  gone: boolean;
}

export class ContainerHosts {
  private readonly limits: HostsLimits;
  /** By control group, in the order in which they were asked for. */
  private readonly files = new Map<string, File>();
  private count = 0;
  private reading: Promise<void> | null = null;
  /** performance.now(); a container found no place. */
  private refusedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly read: ReadHosts,
    limits: Partial<HostsLimits> = {},
    private readonly root = '/proc',
  ) {
    this.limits = { ...LIMITS, ...limits };
  }

  nameOf(group: string, address: string): string | null {
    return this.files.get(group)?.names.get(address) ?? null;
  }

  /** A flow of this control group wants names. @param through a process of the group that lives */
  ask(group: string, through: Living): void {
    const now = performance.now();
    const file = this.files.get(group) ?? this.add(now);
    if (file === null) return;
    this.files.delete(group);
    this.files.set(group, file);
    file.askedAt = now;
    if (now < file.dueAt) return;
    file.through = through;
    this.reading ??= this.readAll();
  }

  /** Of those that a flow has asked for lately. */
  trouble(): HostsTrouble {
    const since = performance.now() - this.limits.unusedMs;
    const asked = [...this.files].filter(([, { askedAt }]) => askedAt >= since);
    const of = (why: File['missing']) =>
      asked.flatMap(([group, { missing }]) => (missing === why ? [group] : []));
    return { silent: of('late'), unread: of('busy'), isFull: this.refusedAt >= since };
  }

  /** Resolves when what was asked for has been read. */
  async settled(): Promise<void> {
    await this.reading;
  }

  /** Null: others that are in use have all places. */
  private add(now: number): File | null {
    if (this.files.size >= this.limits.files && !this.forgetUnused(now)) {
      this.refusedAt = now;
      return null;
    }
    const file = { names: NO_NAMES, version: '', askedAt: now, dueAt: now, through: null };
    return { ...file, missing: null, gone: false };
  }

  private forgetUnused(now: number): boolean {
    const [oldest] = this.files;
    if (oldest === undefined || now - oldest[1].askedAt < this.limits.unusedMs) return false;
    this.give(oldest[1], NO_NAMES, '');
    oldest[1].gone = true;
    return this.files.delete(oldest[0]);
  }

  /** One at a time. */
  private async readAll(): Promise<void> {
    for (let next = this.next(); next !== null; next = this.next()) await this.readOne(...next);
    this.reading = null;
  }

  private next(): [group: string, file: File] | null {
    for (const one of this.files) if (one[1].through !== null) return one;
    return null;
  }

  private async readOne(group: string, file: File): Promise<void> {
    const top = file.through && topOfGroup(file.through, group, this.root);
    file.through = null;
    file.dueAt = performance.now() + this.limits.checkMs;
    // What was read stays for rows that outlive the process.
    if (top === null) return;
    const answer = await this.read(top.pid, file.version).catch(() => 'busy' as const);
    // The root was the process's only if its pid was, before and after.
    const isSame = readStat(`${this.root}/${top.pid}`)?.startTicks === top.startTicks;
    if (isSame && !file.gone) this.take(file, answer);
    if (answer !== null && typeof answer === 'object') answer.bytes?.fill(0);
  }

  private take(file: File, answer: Answer): void {
    file.missing = answer === 'late' || answer === 'busy' ? answer : null;
    if (answer === 'busy') return;
    if (answer === 'late') file.dueAt = performance.now() + this.limits.lateMs;
    if (answer === 'late' || answer === null) this.give(file, NO_NAMES, '');
    else if (answer.bytes !== null) this.learn(file, answer.version, answer.bytes);
  }

  private learn(file: File, version: string, bytes: Buffer): void {
    const room = this.limits.names - this.count + file.names.size;
    this.give(file, parseHosts(bytes, Math.min(this.limits.each, room)), version);
  }

  private give(file: File, names: ReadonlyMap<string, string>, version: string): void {
    this.count += names.size - file.names.size;
    file.names = names;
    file.version = version;
  }
}
