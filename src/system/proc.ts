/**
 * What /proc says about one process. Enters: a pid. Leaves: ProcFacts, or null when there is no such process.
 * Called by the identity queue, for what the kernel's own announcement of the process could not tell.
 * pid means tgid. Text (comm, exe, cmdline, cgroup) is whatever the process chose: whoever prints it escapes it.
 */
import { joinArgs, splitArgs } from './parse/cmdline.js';
import { readBytes, readLink, readText, statOf } from './read.js';

/** Bytes of a command line that are kept; the rest shows as an ellipsis. */
export const CMDLINE_LIMIT = 4096;
/** Arguments that are kept one by one: enough to find an interpreter's script. */
export const ARGS_LIMIT = 8;

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
  cmdline: string | null;
  /** The first arguments by themselves; empty when there are none. */
  args: string[];
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

/** A process that calls exec() while it is read is read again, but not for ever. */
const TRIES = 3;

/**
 * Facts of the process that has this pid now. Null when it is gone, or when the pid changed hands while we read: start
 * ticks and comm are compared before and after, so that the parts belong to one process and one program.
 * @source /proc/PID/{stat,status,exe,cmdline,cgroup}
 */
export function readProcess(pid: number, root = '/proc'): ProcFacts | null {
  let before = readStat(`${root}/${pid}`);
  for (let tries = TRIES; before !== null; tries--) {
    const facts = readFacts(pid, before, root);
    const after = readStat(`${root}/${pid}`);
    if (after?.startTicks !== before.startTicks) return null;
    if (after.comm === before.comm || tries === 1) return facts;
    before = after;
  }
  return null;
}

function readFacts(pid: number, stat: Stat, root: string): ProcFacts | null {
  const dir = `${root}/${pid}`;
  const { tgid, uid } = parseStatus(readText(`${dir}/status`) ?? '');
  if (tgid !== null && tgid !== pid) return null;
  return {
    pid,
    ...stat,
    ...readExe(`${dir}/exe`),
    parent: readParent(stat, root),
    ...readCmdline(dir),
    uid,
    cgroup: parseCgroup(readText(`${dir}/cgroup`) ?? ''),
  };
}

export function readStat(dir: string): Stat | null {
  const read = readBytes(`${dir}/stat`, 2048);
  return read === null ? null : parseStat(read.bytes);
}

/** The parent by its pid, unless it is younger than its child: then the pid has changed hands. */
function readParent(child: Stat, root: string): ParentFacts | null {
  const stat = child.ppid > 0 ? readStat(`${root}/${child.ppid}`) : null;
  if (stat === null || stat.startTicks > child.startTicks) return null;
  return { pid: child.ppid, startTicks: stat.startTicks, comm: stat.comm };
}

/**
 * The process with this pid, its parent, and so on, at most `limit`; ends where one is younger than its child, whose pid
 * has changed hands.
 */
export function readAncestors(
  pid: number,
  childTicks: number,
  limit: number,
  root = '/proc',
): { pid: number; comm: string }[] {
  const found: { pid: number; comm: string }[] = [];
  for (let [at, ticks] = [pid, childTicks]; at > 0 && found.length < limit; ) {
    const stat = readStat(`${root}/${at}`);
    if (stat === null || stat.startTicks > ticks) break;
    found.push({ pid: at, comm: stat.comm });
    [at, ticks] = [stat.ppid, stat.startTicks];
  }
  return found;
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

/** Null for what the text does not say. Tgid differs from the pid that was asked for when that is a thread's. */
export function parseStatus(text: string): { tgid: number | null; uid: number | null } {
  const number = (line: RegExp) => {
    const match = line.exec(text);
    return match === null ? null : Number(match[1]);
  };
  return { tgid: number(/^Tgid:\t(\d+)/m), uid: number(/^Uid:\t(\d+)/m) };
}

const DELETED = ' (deleted)';

/** The kernel appends " (deleted)" to an unlinked file's path; a file may also really be called so. */
function readExe(path: string): { exe: string | null; exeDeleted: boolean } {
  const exe = readLink(path);
  if (exe === null || !exe.endsWith(DELETED) || isLinked(path)) return { exe, exeDeleted: false };
  return { exe: exe.slice(0, -DELETED.length), exeDeleted: true };
}

function isLinked(path: string): boolean {
  return (statOf(path)?.nlink ?? 0n) > 0n;
}

function readCmdline(dir: string): { cmdline: string | null; args: string[] } {
  const read = readBytes(`${dir}/cmdline`, CMDLINE_LIMIT);
  if (read === null) return { cmdline: null, args: [] };
  return { cmdline: joinArgs(read.bytes, read.cut), args: splitArgs(read.bytes, ARGS_LIMIT) };
}

/**
 * The path of proc_pid_cgroup(5): of cgroup v2, else of systemd's own v1 hierarchy, else of the first controller.
 * Null when the text holds no line of it.
 */
export function parseCgroup(text: string): string | null {
  const lines = text.split('\n').map((line) => /^(\d+):([^:]*):(\/.*)$/.exec(line));
  const found = lines.filter((line) => line !== null);
  const line =
    found.find((match) => match[1] === '0') ?? found.find((match) => match[2] === 'name=systemd') ?? found[0];
  const path = line?.[3] ?? null;
  return path?.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path;
}
