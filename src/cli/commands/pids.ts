/**
 * Checks that processes exist: tracing one that does not would wait for ever without a message. In: pids. Out: an error.
 */
import { readFileSync } from 'node:fs';
import { PortchurnError } from '../../protocol/errors.js';
import { isLoopback, parseUnix } from '../../protocol/service-address.js';

/** Throws NOT_FOUND. `connect`: the service's URL; another machine's processes cannot be checked from here. */
export function requireProcesses(pids: readonly number[], connect: string | undefined): void {
  if (connect !== undefined && parseUnix(connect) === null && !isLoopback(hostOf(connect))) return;
  for (const pid of pids) requireProcess(pid);
}

function requireProcess(pid: number): void {
  const tgid = threadGroup(pid);
  if (tgid === null)
    throw new PortchurnError('NOT_FOUND', `no process with pid ${pid}`, { hint: 'pgrep -a NAME finds it' });
  if (tgid === pid) return;
  throw new PortchurnError('NOT_FOUND', `${pid} is a thread of process ${tgid}`, {
    hint: `trace --pid ${tgid}`,
  });
}

/** /proc answers for threads too; only Tgid tells them apart. Null: no such process. */
function threadGroup(pid: number): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^Tgid:\s*(\d+)/m.exec(status)?.[1] ?? pid);
  } catch {
    return null;
  }
}

/** Without the brackets of an IPv6 address. */
function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}
