/**
 * Names of network namespaces. In: an inode number, as the kernel's events carry it. Out: "host", an `ip netns` name,
 * or a process that lives there: "nginx (1234)"; and the list of all namespaces, for the audits that enter them.
 * Answers come from a cache that throttled scans refresh. Comms are text of other processes: a name is escaped where
 * it is printed. Not seen: a namespace that only a thread (not its process's main thread), a socket or a file descriptor
 * keeps.
 */
import { performance } from 'node:perf_hooks';
import { type Netns, type ScanOptions, scanNamespaces, type Table } from './netns-scan.js';
import { ThrottledScan } from './slices.js';

export type { Netns } from './netns-scan.js';

/** The file by which it is entered. */
export function pathOf({ mountPath, pid }: Netns): string {
  return mountPath ?? `/proc/${pid}/ns/net`;
}

export interface NetnsOptions extends Partial<ScanOptions> {
  /** Shortest time between two scans, ms. */
  restMs?: number;
  /** Names older than this are read again when asked for: an inode number is reused once its namespace is gone. */
  staleMs?: number;
}

/** A scan failed, or there are more processes than it looks at. */
export type ScanTrouble = { readonly error: string } | { readonly limit: number };

const MISSING_LIMIT = 4096;
/** No cookie. */
const NOBODY = -1;

export class NetworkNamespaces {
  /** Why the list may lack some; null: the last scan saw all there is. */
  trouble: ScanTrouble | null = null;
  /** When the last scan that saw all there is began, CLOCK_MONOTONIC ms: what is not listed was gone by then, or came later. */
  completeAsOf = 0;
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

  /** Resolves when the first scan of all has ended; rejects as `refresh`. */
  known(): Promise<void> {
    return this.scan.once();
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
    const began = Number(process.hrtime.bigint()) / 1e6;
    try {
      const { table, complete } = yield* scanNamespaces(this.options, this.table);
      this.take(table);
      if (complete) this.completeAsOf = began;
      this.trouble = complete ? null : { limit: this.options.scanLimit };
    } catch (error) {
      this.trouble = { error: (error as Error).message };
      throw error;
    }
  }

  private take(table: Table): void {
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
