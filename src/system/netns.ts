/**
 * Names of network namespaces. In: an inode number, as the kernel's events carry it. Out: "host", an `ip netns` name,
 * or a process that lives there: "nginx (1234)"; and the list of all namespaces, for the audits that enter them.
 * Answers come from a cache that throttled scans refresh. Comms are text of other processes: a name is escaped where
 * it is printed. Not seen: a namespace that only a thread (not its process's main thread), a socket or a file descriptor
 * keeps.
 */
import type { BigIntStats } from 'node:fs';
import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import { entriesOf, readLink, readText, statOf } from './read.js';
import { ThrottledScan } from './slices.js';

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

/** The file by which it is entered. */
export function pathOf({ mountPath, pid }: Netns): string {
  return mountPath ?? `/proc/${pid}/ns/net`;
}

export interface NetnsOptions {
  root?: string;
  /** Where `ip netns` keeps its files. */
  directories?: readonly string[];
  /** Shortest time between two scans, ms. */
  restMs?: number;
  /** Names older than this are read again when asked for: an inode number is reused once its namespace is gone. */
  staleMs?: number;
  /** Most processes that one scan reads. */
  scanLimit?: number;
}

const MISSING_LIMIT = 4096;
/** No cookie. */
const NOBODY = -1;

type Table = ReadonlyMap<number, Netns>;
type Found = Map<number, Pick<Netns, 'pid' | 'mountPath' | 'fileNs'>>;

export class NetworkNamespaces {
  private table: Table = new Map();
  private readonly policy: ScanPolicy;
  private readonly options: Required<NetnsOptions>;
  private readonly scan: ThrottledScan;
  /** By inode, the cookie of the namespace whose name the table has; null: none until a scan has read it anew. */
  private readonly holders = new Map<number, number | null>();

  constructor(options: NetnsOptions = {}) {
    const directories = ['/run/netns', '/var/run/netns'];
    const defaults = { root: '/proc', directories, restMs: 1000, staleMs: 15_000, scanLimit: 50_000 };
    this.options = { ...defaults, ...options };
    this.policy = new ScanPolicy(this.options.staleMs);
    this.scan = new ThrottledScan(() => this.visit(), this.options.restMs);
  }

  /**
   * Null while it is not known, or when nothing that has a name lives there: ask again later, or after `refresh`.
   * @param cookie of the namespace that has the inode now: the name of one that had it before is not its name
   */
  nameOf(inode: number, cookie = 0): string | null {
    const holder = this.holders.get(inode);
    if (holder === undefined) this.holders.set(inode, cookie);
    else if (holder !== cookie) return this.readAnew(inode, cookie);
    const known = this.table.get(inode);
    if (this.policy.worthAScan(inode, known !== undefined, performance.now())) this.scan.suggest();
    return known?.name ?? null;
  }

  /** The file that the table has the name of may have been read before the inode changed hands. */
  private readAnew(inode: number, cookie: number): null {
    if (this.holders.get(inode) === null) return null;
    this.holders.set(inode, null);
    this.refresh().then(
      () => this.holders.set(inode, cookie),
      () => this.holders.set(inode, NOBODY),
    );
    return null;
  }

  /** All namespaces that the last scan found. */
  list(): Netns[] {
    return [...this.table.values()];
  }

  /** Resolves when a scan that began after this call has ended. Rejects, and what was known stays, when it could not see. */
  refresh(): Promise<void> {
    return this.scan.request();
  }

  /** Something is missing from the list: a scan when the last one is long enough ago. */
  suggest(): void {
    this.scan.suggest();
  }

  private *visit(): Generator<void> {
    const { root, directories, scanLimit } = this.options;
    const found: Found = new Map();
    for (const directory of directories) yield* visitMounts(directory, root, found);
    yield* visitProcesses(root, scanLimit, this.table, found);
    const host = hostNamespace(root);
    const table = new Map<number, Netns>();
    for (const [inode, { pid, mountPath, fileNs }] of found) {
      const name = inode === host ? 'host' : nameFor(mountPath, pid, root);
      table.set(inode, { inode, name, pid, mountPath, fileNs });
      yield;
    }
    this.table = table;
    for (const [inode, holder] of this.holders)
      if (holder !== null && !table.has(inode)) this.holders.delete(inode);
    this.policy.scanned(table.keys(), performance.now());
  }
}

/** When a question is worth a scan: names are stale, or this number was never searched for. Pure; times in ms. */
export class ScanPolicy {
  /** Asked for and not found: no reason for another scan before the names are stale. */
  private readonly missing = new Set<number>();
  private scannedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly staleMs: number) {}

  worthAScan(inode: number, known: boolean, now: number): boolean {
    if (now - this.scannedAt > this.staleMs) return true;
    if (known || this.missing.has(inode)) return false;
    if (this.missing.size >= MISSING_LIMIT) this.missing.clear();
    this.missing.add(inode);
    return true;
  }

  scanned(found: Iterable<number>, now: number): void {
    for (const inode of found) this.missing.delete(inode);
    this.scannedAt = now;
  }
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

/** Of several processes the one named before stays, so that a name does not flicker; else the lowest pid. */
function* visitProcesses(root: string, limit: number, before: Table, found: Found): Generator<void> {
  let left = limit;
  for (const entry of entriesOf(root)) {
    const pid = Number(entry.name);
    if (!Number.isInteger(pid)) continue;
    if (left-- <= 0) return;
    const inode = namespaceOf(`${root}/${pid}`);
    if (inode !== null) keepProcess(found, inode, pid, before.get(inode)?.pid ?? null);
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
  const match = /^net:\[(\d+)\]$/.exec(readLink(`${directory}/ns/net`) ?? '');
  return match === null ? null : Number(match[1]);
}

/**
 * Pid 1's. An init with more capabilities than we have hides it; then that of the kernel's thread parent, which always
 * lives in the machine's first namespace.
 */
function hostNamespace(root: string): number | null {
  const kthreadd = readText(`${root}/2/comm`) === 'kthreadd\n' ? namespaceOf(`${root}/2`) : null;
  return namespaceOf(`${root}/1`) ?? kthreadd;
}

function nameFor(mountPath: string | null, pid: number | null, root: string): string | null {
  if (mountPath !== null) return basename(mountPath);
  const comm = readText(`${root}/${pid}/comm`);
  return comm === null ? null : `${comm.replace(/\n$/, '')} (${pid})`;
}
