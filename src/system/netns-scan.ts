/**
 * Which network namespaces there are: the files of `ip netns`, then the processes of /proc. In: /proc, the list that the scan before
 * made. Out: a list, and whether it is all there is. Throws when something could not be seen for want of descriptors or memory.
 */
import type { BigIntStats } from 'node:fs';
import { basename } from 'node:path';
import { entriesOf, linkOf, readText, statOf } from './read.js';

export interface Netns {
  inode: number;
  /** Null when its only process went away during the scan. */
  name: string | null;
  /** A process whose main thread lives there; null when none does. */
  pid: number | null;
  /** The file that `ip netns` keeps it by; null when it has none. */
  mountPath: string | null;
  /** When that file was last changed, Unix ns: another namespace that has the inode later has another file. */
  fileNs: bigint | null;
}

export interface ScanOptions {
  root: string;
  /** Where `ip netns` keeps its files. */
  directories: readonly string[];
  /** Most processes that one scan reads. */
  scanLimit: number;
}

export type Table = ReadonlyMap<number, Netns>;

export interface Scanned {
  table: Table;
  /** Every process was looked at. If not, what the scan before found stays while its process lives there. */
  complete: boolean;
}

type Found = Map<number, Pick<Netns, 'pid' | 'mountPath' | 'fileNs'>>;

/** Gives way after each file and process. */
export function* scanNamespaces(options: ScanOptions, before: Table): Generator<void, Scanned> {
  const { root, directories, scanLimit } = options;
  const found: Found = new Map();
  for (const directory of directories) yield* visitMounts(directory, root, found);
  const complete = yield* visitProcesses(root, scanLimit, before, found);
  if (!complete) yield* keepUnseen(root, before, found);
  const host = hostNamespace(root);
  const table = new Map<number, Netns>();
  for (const [inode, { pid, mountPath, fileNs }] of found) {
    const name = inode === host ? 'host' : nameFor(mountPath, pid, root);
    table.set(inode, { inode, name, pid, mountPath, fileNs });
    yield;
  }
  return { table, complete };
}

/** A file there is a namespace when it lies on the same file system (nsfs) as our own; else its mount is gone. */
function* visitMounts(directory: string, root: string, found: Found): Generator<void> {
  const nsfs = statOf(`${root}/self/ns/net`)?.dev;
  for (const entry of entriesOf(directory)) {
    const mountPath = `${directory}/${entry.name}`;
    const stat = statOf(mountPath);
    if (stat?.dev === nsfs && stat !== null) keepMount(found, stat, mountPath);
    yield;
  }
}

function keepMount(found: Found, { ino, ctimeNs }: BigIntStats, mountPath: string): void {
  const inode = Number(ino);
  if (!found.has(inode)) found.set(inode, { pid: null, mountPath, fileNs: ctimeNs });
}

/**
 * Of several processes the one named before stays, so that a name does not flicker; else the lowest pid. Returns whether it has seen
 * every process.
 */
function* visitProcesses(root: string, limit: number, before: Table, found: Found): Generator<void, boolean> {
  let left = limit;
  for (const entry of entriesOf(root)) {
    const pid = Number(entry.name);
    if (!Number.isInteger(pid)) continue;
    if (left-- <= 0) return false;
    const inode = namespaceOf(`${root}/${pid}`);
    if (inode !== null) keepProcess(found, inode, pid, before.get(inode)?.pid ?? null);
    yield;
  }
  return true;
}

/** What was not looked at has not gone. */
function* keepUnseen(root: string, before: Table, found: Found): Generator<void> {
  for (const [inode, known] of before) {
    const isThere = known.pid !== null && namespaceOf(`${root}/${known.pid}`) === inode;
    if (isThere && !found.has(inode)) found.set(inode, { ...known, mountPath: null, fileNs: null });
    yield;
  }
}

function keepProcess(found: Found, inode: number, pid: number, before: number | null): void {
  const known = found.get(inode) ?? { pid: null, mountPath: null, fileNs: null };
  const better = known.pid === null || pid === before || (known.pid !== before && pid < known.pid);
  found.set(inode, { ...known, pid: better ? pid : known.pid });
}

/** Inode number of a process's namespace; null when it is gone, a zombie, or not ours to see (CAP_SYS_PTRACE). */
function namespaceOf(directory: string): number | null {
  const match = /^net:\[(\d+)\]$/.exec(linkOf(`${directory}/ns/net`) ?? '');
  return match === null ? null : Number(match[1]);
}

/**
 * Pid 1's. An init with more capabilities than we have hides it; then that of the kernel's thread parent, which always
 * lives in the machine's first namespace.
 */
export function hostNamespace(root: string): number | null {
  const kthreadd = readText(`${root}/2/comm`) === 'kthreadd\n' ? namespaceOf(`${root}/2`) : null;
  return namespaceOf(`${root}/1`) ?? kthreadd;
}

function nameFor(mountPath: string | null, pid: number | null, root: string): string | null {
  /* Only one namespace is the host's, whatever another one is called. */
  if (mountPath !== null) return basename(mountPath) === 'host' ? 'host (netns)' : basename(mountPath);
  const comm = readText(`${root}/${pid}/comm`);
  return comm === null ? null : `${comm.replace(/\n$/, '')} (${pid})`;
}
