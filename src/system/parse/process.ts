/**
 * What /proc/PID says, as values. In: the bytes and texts of its files. Out: parts of ProcFacts, null for what a text does
 * not say. Pure. Text (comm, exe, arguments, cgroup) is whatever the process chose: every surface escapes it.
 */
import type { Args } from './cmdline.js';
import { partOf } from './container.js';

export interface ParentFacts {
  pid: number;
  /** Clock ticks (1/100 s) after boot. */
  startTicks: number;
  comm: string;
}

/** Unknown parts are null: forbidden to us, or a zombie's or kernel thread's, which have none. */
export interface ProcFacts {
  pid: number;
  /** Clock ticks (1/100 s) after boot: with the pid, the identity of a process. */
  startTicks: number;
  /** 0: the kernel's own child, or a parent outside our pid namespace. */
  ppid: number;
  parent: ParentFacts | null;
  /** Name of the main thread, which the process may have chosen itself. */
  comm: string;
  exe: string | null;
  /** The file behind `exe` has been unlinked, as after a package upgrade. */
  exeDeleted: boolean;
  /** None when there are none (kernel thread, zombie), or when they may not be read. */
  args: Args;
  /** Real user id. */
  uid: number | null;
  /** Path below the cgroup mount. */
  cgroup: string | null;
}

export interface Stat {
  comm: string;
  ppid: number;
  startTicks: number;
}

/** Fields 2, 4 and 22 of proc_pid_stat(5). The comm is raw, may hold brackets and newlines, and ends at the last ')'. */
export function parseStat(bytes: Buffer): Stat | null {
  const open = bytes.indexOf('(');
  const close = bytes.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const rest = bytes.toString('latin1', close + 2).split(' ');
  const [ppid, startTicks] = [Number(rest[1]), Number(rest[19])];
  if (!Number.isInteger(ppid) || !Number.isInteger(startTicks)) return null;
  return { comm: bytes.toString('utf8', open + 1, close), ppid, startTicks };
}

/** Fields 3 and 20: dead but not waited for, and no thread of it runs on after the first one. */
export function isEnded(bytes: Buffer): boolean {
  const rest = bytes.toString('latin1', bytes.lastIndexOf(')') + 2).split(' ');
  return (rest[0] === 'Z' || rest[0] === 'X') && Number(rest[17]) <= 1;
}

/** Null for what the text does not say. Tgid differs from the pid that was asked for when that is a thread's. */
export function parseStatus(text: string): { tgid: number | null; uid: number | null } {
  const number = (line: RegExp) => {
    const match = line.exec(text);
    return match === null ? null : Number(match[1]);
  };
  return { tgid: number(/^Tgid:\t(\d+)/m), uid: number(/^Uid:\t(\d+)/m) };
}

/** What the kernel appends to the path of something unlinked. */
export const DELETED = ' (deleted)';

/**
 * The path of proc_pid_cgroup(5): of cgroup v2, unless only another hierarchy names a container; else of systemd's own v1 hierarchy,
 * else of the first controller. Null when the text holds no line of it.
 */
export function parseCgroup(text: string): string | null {
  const lines = text.split('\n').map((line) => /^(\d+):([^:]*):(\/.*)$/.exec(line));
  const found = lines.filter((line) => line !== null);
  const inOrder = [
    ...found.filter((match) => match[1] === '0'),
    ...found.filter((match) => match[2] === 'name=systemd'),
    ...found,
  ].map((match) => existing(match[3] ?? ''));
  return inOrder.find((path) => partOf(path).container !== null) ?? inOrder[0] ?? null;
}

const existing = (path: string) => fromRoot(path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path);

/** In a control group namespace (cgroup_namespaces(7)) what lies outside is "/../../a/b". Names above it are not told. */
const fromRoot = (path: string) => path.replace(/^(?:\/\.\.)+(?=\/)/, '').replace(/^(?:\/\.\.)+$/, '/');
