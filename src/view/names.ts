/**
 * What rows and namespaces are called; a process has its name from the service. In: rows. Out: names as others wrote them, not
 * yet safe to show (protocol/format.ts).
 */
import { GROUPS, type Group } from '../protocol/names.js';
import type { Pids, ProcessInfo } from '../protocol/rows.js';

/** Who a row is about: its process, or the program where its processes have ended and were rolled up. */
export function ownerName({
  process,
  program,
}: {
  process: ProcessInfo;
  program: string | null;
}): string | null {
  return process.pid === null ? (program ?? process.name) : process.name;
}

export const UNKNOWN_OWNER = 'unknown owner';

/** What stands dimmed behind a name: `python3 · 4711` behind a script's, else the pid; null: neither is known. */
export function besideName({ interpreter, pid }: Pick<ProcessInfo, 'interpreter' | 'pid'>): string | null {
  const known = [interpreter, pid].filter((part) => part !== null);
  return known.length === 0 ? null : known.join(' · ');
}

/** What a process is one of. Of a pod no file of the machine says it: its name does, which is a guess, and said so. */
export function workloadText(process: Pick<ProcessInfo, 'workload' | 'workloadGuessed'>): string | null {
  return isGuessed(process) ? `${process.workload} (guessed by the pod’s name)` : process.workload;
}

/** The same where room is short: `~shop/web`. */
export function workloadMark(process: Pick<ProcessInfo, 'workload' | 'workloadGuessed'>): string | null {
  return isGuessed(process) ? `~${process.workload}` : process.workload;
}

/** Also where it was guessed for a part of what a row sums up (null). A service of an earlier version does not say it: then nothing is marked. */
const isGuessed = ({ workload, workloadGuessed }: Pick<ProcessInfo, 'workload' | 'workloadGuessed'>) =>
  workload !== null && workloadGuessed !== undefined && workloadGuessed !== false;

/** `worker 77`. @param unknown what is written when neither name nor pid is known */
export function withPid(name: string | null, pid: number | null, unknown: string = UNKNOWN_OWNER): string {
  if (pid === null) return name ?? unknown;
  return name === null ? `pid ${pid}` : `${name} ${pid}`;
}

/** `4711, 4712 and 34 more` */
export function pidsText({ listed, more }: Pids): string {
  const rest = more === 0 ? '' : more === null ? ' and more' : ` and ${more} more`;
  return listed.join(', ') + rest;
}

/** A network namespace by its name, else by its inode. */
export function namespaceName({ name, netns }: { name: string | null; netns: number | null }): string {
  return name ?? `netns ${netns ?? 'unknown'}`;
}

export const groupWord = (group: Group): string => (group === 'netns' ? 'namespace' : group);

/** What rows can be summed up by, for help on keys. */
export const GROUP_WORDS = GROUPS.map(groupWord).join(', ');
