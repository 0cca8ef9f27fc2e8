/**
 * Names of control groups. In: cgroup v2 ids as the kernel's events carry them (the inode number of the group's
 * directory) and paths. Out: paths and systemd units. Called off the hot path, when a process is first shown. A miss
 * never reads the tree there and then: it asks for one scan, shared by all misses and throttled.
 */
import { type Mount, readMounts } from './mounts.js';
import { entriesOf, statOf } from './read.js';
import { ThrottledScan } from './slices.js';

export interface CgroupOptions {
  /** Directory where cgroup2 is mounted; null: nowhere. Default: what /proc/self/mountinfo says. */
  mount?: string | null;
  /** Most paths that are kept, and most ids that are remembered as gone. */
  limit?: number;
  /** Most directories that one scan visits. */
  scanLimit?: number;
  /** Shortest time between two scans, ms. */
  restMs?: number;
}

/** The mount point that shows most of the cgroup v2 tree, or null when it is mounted nowhere. */
export function findCgroup2(mounts: Mount[] = readMounts('cgroup2')): string | null {
  const widestFirst = mounts.toSorted((a, b) => a.root.length - b.root.length);
  return widestFirst[0]?.point ?? null;
}

export class Cgroups {
  private readonly paths = new Map<bigint, string>();
  /** Asked for and not found yet. */
  private readonly wanted = new Set<bigint>();
  /** Not in the tree when it was scanned: deleted. An id is never given out again, so this stays true. */
  private readonly gone = new Set<bigint>();
  private readonly mount: string | null;
  private readonly limit: number;
  private readonly scanLimit: number;
  private readonly scan: ThrottledScan;

  constructor(options: CgroupOptions = {}) {
    this.mount = options.mount === undefined ? findCgroup2() : options.mount;
    this.limit = options.limit ?? 20_000;
    this.scanLimit = options.scanLimit ?? 50_000;
    this.scan = new ThrottledScan(() => this.visit(), options.restMs ?? 1000);
  }

  /** What is known without a scan. */
  known(id: bigint): string | null {
    return this.paths.get(id) ?? null;
  }

  /**
   * Path below the mount, "/" for the root group; null while it is not known. The first call for an unknown id asks for
   * a scan: ask again later, or wait for `resolve`. A group that was deleted before it was scanned stays null.
   */
  path(id: bigint): string | null {
    const known = this.paths.get(id);
    if (known === undefined && this.want(id)) this.scan.suggest();
    return known ?? null;
  }

  /** The kernel has said it, with the first process of the group. */
  know(id: bigint, path: string): void {
    this.wanted.delete(id);
    if (!this.paths.has(id)) evict(this.paths, this.limit);
    this.paths.set(id, path);
  }

  /** As `path`, but waits for the scan that answers. */
  async resolve(id: bigint): Promise<string | null> {
    if (!this.paths.has(id) && this.want(id)) await this.scan.request();
    return this.paths.get(id) ?? null;
  }

  /** False: a scan would not help. */
  private want(id: bigint): boolean {
    if (this.mount === null || id === 0n || this.gone.has(id)) return false;
    if (this.wanted.size < this.limit) this.wanted.add(id);
    return true;
  }

  private *visit(): Generator<void> {
    const asked = new Set(this.wanted);
    const budget = { left: this.scanLimit };
    for (const directory of directories(this.mount ?? '', budget)) {
      if (directory !== null) this.learn(directory);
      yield;
    }
    for (const id of asked) this.settle(id, budget.left > 0);
  }

  private learn(directory: string): void {
    const id = statOf(directory)?.ino;
    if (id === undefined) return;
    const wanted = this.wanted.delete(id);
    if (this.paths.has(id) || (!wanted && this.paths.size >= this.limit)) return;
    this.know(id, directory.slice((this.mount ?? '').length) || '/');
  }

  /** Only a scan that saw the whole tree proves that a group is gone. */
  private settle(id: bigint, complete: boolean): void {
    if (!this.wanted.delete(id) || !complete) return;
    evict(this.gone, this.limit);
    this.gone.add(id);
  }
}

/** Every directory from `root` down; null for each other entry, so that the caller can give way between any two. */
function* directories(root: string, budget: { left: number }): Generator<string | null> {
  const stack = [root];
  for (let path = stack.pop(); path !== undefined && budget.left > 0; path = stack.pop()) {
    budget.left -= 1;
    yield path;
    for (const entry of entriesOf(path)) {
      if (entry.isDirectory()) stack.push(`${path}/${entry.name}`);
      yield null;
    }
  }
}

/** Makes room for one more by dropping the oldest. */
function evict<K>(table: Map<K, unknown> | Set<K>, limit: number): void {
  if (table.size < limit) return;
  const oldest = table.keys().next();
  if (!oldest.done) table.delete(oldest.value);
}
