/**
 * What processes and namespaces are called. In: rows. Out: names as others wrote them, not yet safe to show (hostile.ts).
 */
import type { ProcessInfo } from '../protocol/rows.js';

/** The shortest name of a process: comm, else its executable's file name; null when neither is known. */
export function processName({ comm, exe }: Pick<ProcessInfo, 'comm' | 'exe'>): string | null {
  return comm ?? exe?.split('/').at(-1) ?? null;
}

/** Who a row is about: its process, or the program where its processes have ended and were rolled up. */
export function ownerName({
  process,
  program,
}: {
  process: ProcessInfo;
  program: string | null;
}): string | null {
  return process.pid === null ? (program ?? processName(process)) : processName(process);
}

export const UNKNOWN_OWNER = 'unknown owner';

/** `worker 77`. @param unknown what is written when neither name nor pid is known */
export function withPid(name: string | null, pid: number | null, unknown: string = UNKNOWN_OWNER): string {
  if (pid === null) return name ?? unknown;
  return name === null ? `pid ${pid}` : `${name} ${pid}`;
}

/** A network namespace by its name, else by its inode. */
export function namespaceName({ name, netns }: { name: string | null; netns: number | null }): string {
  return name ?? `netns ${netns ?? 'unknown'}`;
}
