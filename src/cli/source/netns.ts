/**
 * The network namespace that --netns means. In: its name, its inode or pid:N; a data source. Out: its inode.
 */
import { readlinkSync } from 'node:fs';
import { PortchurnError } from '../../protocol/errors.js';
import type { TotalsRow } from '../../protocol/rows.js';
import { isLoopback, parseUnix } from '../../protocol/service-address.js';

/** `connect`: the service's URL; another machine's processes are not known here. Throws NOT_FOUND, USAGE or NOT_PERMITTED. */
export function netnsInode(
  wanted: string,
  totals: readonly TotalsRow[],
  connect: string | undefined,
): number {
  const pid = /^pid:(\d+)$/.exec(wanted)?.[1];
  if (pid !== undefined) return inodeOfProcess(pid, connect);
  return /^\d+$/.test(wanted) ? Number(wanted) : inodeOfName(wanted, totals);
}

/** Totals are of living namespaces alone; that two of these have one name is possible, as when somebody calls one "host". */
function inodeOfName(name: string, totals: readonly TotalsRow[]): number {
  const inodes = totals.flatMap((row) => (row.name === name ? (row.netns ?? []) : []));
  const [inode] = inodes;
  if (inodes.length > 1)
    throw new PortchurnError('USAGE', `${inodes.length} network namespaces are called "${name}"`, {
      hint: `give an inode: ${inodes.join(', ')}`,
    });
  if (inode !== undefined) return inode;
  const names = totals.flatMap((row) => row.name ?? []);
  const hint = names.length === 0 ? undefined : `there are: ${names.join(', ')}`;
  throw new PortchurnError(
    'NOT_FOUND',
    `no network namespace "${name}" with TCP in it`,
    hint ? { hint } : {},
  );
}

function inodeOfProcess(pid: string, connect: string | undefined): number {
  if (connect !== undefined && parseUnix(connect) === null && !isLoopback(hostOf(connect))) {
    throw new PortchurnError(
      'USAGE',
      `pid:${pid} is not known to a service elsewhere: give a name or an inode`,
    );
  }
  try {
    return Number(/\d+/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[0]);
  } catch (cause) {
    throw unreadable(pid, cause as NodeJS.ErrnoException);
  }
}

function unreadable(pid: string, cause: NodeJS.ErrnoException): PortchurnError {
  if (cause.code !== 'EACCES' && cause.code !== 'EPERM')
    return new PortchurnError('NOT_FOUND', `no process with pid ${pid}`, {
      hint: 'pgrep -a NAME finds it',
      cause,
    });
  const message = `the network namespace of pid ${pid} cannot be read: it runs as another user`;
  return new PortchurnError('NOT_PERMITTED', message, { hint: 'run it as root, or give a name', cause });
}

/** Without the brackets of an IPv6 address. */
function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}
