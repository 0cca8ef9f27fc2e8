/**
 * What /proc says about one process. In: a pid, which means tgid. Out: ProcFacts, or null when there is no such process.
 * Read for what the kernel's own announcement of the process does not say.
 */
import { basename } from 'node:path';
import { type Args, argsOf, NO_ARGS } from './parse/cmdline.js';
import {
  DELETED,
  isEnded,
  type ParentFacts,
  type ProcFacts,
  parseCgroup,
  parseStat,
  parseStatus,
  type Stat,
} from './parse/process.js';
import { readBytes, readLink, readText, statOf } from './read.js';

/** Bytes of a command line that are kept; of a longer one half of them from each end. */
export const CMDLINE_LIMIT = 4096;
/** A longer one is not read to its end. */
const CMDLINE_LONGEST = 1 << 18;
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
    args: readArgs(`${dir}/cmdline`),
    uid,
    cgroup: parseCgroup(readText(`${dir}/cgroup`) ?? ''),
  };
}

export function readStat(dir: string): Stat | null {
  const read = readBytes(`${dir}/stat`, 2048);
  return read === null ? null : parseStat(read.bytes);
}

/**
 * Whether the process that had this pid and started at these ticks (null: not known) has ended; its pid may have another owner by
 * now. One whose files cannot be read, for whatever reason, has ended only when the kernel knows no such pid.
 */
export function hasEnded(pid: number, startTicks: number | null, root = '/proc'): boolean {
  const read = readBytes(`${root}/${pid}/stat`, 2048);
  const stat = read === null ? null : parseStat(read.bytes);
  if (read === null || stat === null) return !isPidTaken(pid);
  return isEnded(read.bytes) || (startTicks !== null && stat.startTicks !== startTicks);
}

function isPidTaken(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
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

/** The same, called by their files: comm may be the name of a script. */
export function readAncestorFiles(
  ...words: Parameters<typeof readAncestors>
): { pid: number; comm: string | null }[] {
  const [, , , root = '/proc'] = words;
  return readAncestors(...words).map(({ pid }) => {
    const { exe } = readExe(`${root}/${pid}/exe`);
    return { pid, comm: exe === null ? null : basename(exe) };
  });
}

/** The kernel appends " (deleted)" to an unlinked file's path; a file may also really be called so. */
function readExe(path: string): { exe: string | null; exeDeleted: boolean } {
  const exe = readLink(path);
  if (exe === null || !exe.endsWith(DELETED) || isLinked(path)) return { exe, exeDeleted: false };
  return { exe: exe.slice(0, -DELETED.length), exeDeleted: true };
}

function isLinked(path: string): boolean {
  return (statOf(path)?.nlink ?? 0n) > 0n;
}

function readArgs(path: string): Args {
  const short = readBytes(path, CMDLINE_LIMIT);
  if (short === null) return NO_ARGS;
  if (!short.cut) return argsOf({ head: short.bytes, tail: null });
  const { bytes, cut } = readBytes(path, CMDLINE_LONGEST) ?? short;
  const half = CMDLINE_LIMIT / 2;
  const tail = cut ? bytes.subarray(0, 0) : bytes.subarray(Math.max(half, bytes.length - half));
  return argsOf({ head: bytes.subarray(0, half), tail });
}
