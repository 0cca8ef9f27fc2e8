/**
 * Which network namespaces are due for an audit. In: the namespaces that discovery lists, and those that events came from.
 * Out: namespaces to dump, discovery when that is needed, and which have gone.
 */
import { performance } from 'node:perf_hooks';
import type { Aggregator } from '../aggregate/ingest/aggregator.js';
import type { Namespace } from '../aggregate/model/namespace.js';
import type { Netns, NetworkNamespaces } from '../system/netns.js';

/** A namespace where nothing happens is audited this seldom, ms. */
const IDLE_MS = 30_000;
const DISCOVERY_MS = 10_000;
/** An event is recent for this long, ms. */
const RECENT_MS = 20_000;

interface Audited {
  /** ms of performance.now() */
  at: number;
  fileNs: bigint | null;
}

export class AuditSchedule {
  /** By inode. */
  private readonly audited = new Map<number, Audited>();
  private discoveredAt = Number.NEGATIVE_INFINITY;
  /** A namespace could not be entered: most likely it has gone. */
  private missed = false;
  private discovering = false;

  /** @param polling there are no events: every namespace is due in each round */
  constructor(
    private readonly aggregator: Aggregator,
    private readonly namespaces: NetworkNamespaces,
    private readonly polling: boolean,
  ) {}

  noteMissed(): void {
    this.missed = true;
  }

  noteAudited(due: readonly Netns[]): void {
    const now = performance.now();
    for (const { inode, fileNs } of due) this.audited.set(inode, { at: now, fileNs });
  }

  /** Namespaces that are busy, that were not audited for long, or whose inode a new file has: it may be another namespace. */
  due(): Netns[] {
    if (this.polling) return this.namespaces.list();
    const now = performance.now();
    const busy = new Set<number>();
    for (const namespace of this.aggregator.namespaces.all())
      if (this.isBusy(namespace)) busy.add(namespace.inode);
    return this.namespaces.list().filter(({ inode, fileNs }) => {
      const last = this.audited.get(inode);
      return last === undefined || last.fileNs !== fileNs || busy.has(inode) || now - last.at > IDLE_MS;
    });
  }

  /** When a namespace is not listed yet, when one may have gone, and now and then; one discovery at a time. */
  wantsDiscovery(): boolean {
    if (this.discovering) return false;
    const isDue = performance.now() - this.discoveredAt > DISCOVERY_MS;
    return this.missed || isDue || this.hasUnlisted();
  }

  /**
   * Discovery reads /proc, which may take long on a busy machine: audits of what is listed do not wait for it. Rejects when it could
   * not see.
   */
  async discover(): Promise<void> {
    this.discovering = true;
    this.missed = false;
    try {
      await this.namespaces.refresh();
      this.discoveredAt = performance.now();
    } finally {
      this.discovering = false;
    }
  }

  /** The first discovery, which whoever starts has to wait for. */
  async begin(): Promise<void> {
    await this.namespaces.known();
    this.discoveredAt = performance.now();
  }

  /**
   * Namespaces that a discovery which began after their last audit does not list any more, or whose inode belongs to another
   * namespace now. One that could not be entered has not gone for that: the discovery that follows decides. One that went before
   * any audit of it is gone when a discovery that began after its last event does not list it; on a busy machine that may be long after.
   */
  gone(): Namespace[] {
    const listed = new Set(this.namespaces.list().map(({ inode }) => inode));
    for (const inode of this.audited.keys()) if (!listed.has(inode)) this.audited.delete(inode);
    return [...this.aggregator.namespaces.all()].filter((namespace) => {
      if (namespace === this.aggregator.namespaces.rest) return false;
      if (!namespace.isLiving) return true;
      return !listed.has(namespace.inode) && this.wasLeftOut(namespace);
    });
  }

  private wasLeftOut(namespace: Namespace): boolean {
    const { completeAsOf } = this.namespaces;
    if (namespace.auditedAt !== 0) return namespace.auditedAt / 1e6 < completeAsOf;
    const lastEvent = namespace.lastSeen - this.aggregator.unixMsAtZero;
    return lastEvent < completeAsOf && !this.isRecent(namespace);
  }

  /** It holds TIME_WAIT entries, or something happened there since its last audit. */
  private isBusy(namespace: Namespace): boolean {
    if (namespace.timeWait > 0) return true;
    const audited = this.aggregator.unixMsAtZero + namespace.auditedAt / 1e6;
    return namespace.lastSeen > audited;
  }

  /** Events came from a namespace that no discovery could have listed so far. One that leaves it out leaves it out again. */
  private hasUnlisted(): boolean {
    const listed = new Set(this.namespaces.list().map(({ inode }) => inode));
    const { namespaces } = this.aggregator;
    for (const namespace of namespaces.all()) {
      if (namespace === namespaces.rest) continue;
      if (listed.has(namespace.inode) || namespace.auditedAt !== 0 || !this.isRecent(namespace)) continue;
      if (namespace.firstSeen === 0 || namespace.firstSeen / 1e6 > this.namespaces.completeAsOf) return true;
    }
    return false;
  }

  /** In either direction: the clock may have been set back. */
  private isRecent(namespace: Namespace): boolean {
    const now = this.aggregator.unixMsAtZero + Number(process.hrtime.bigint()) / 1e6;
    return Math.abs(now - namespace.lastSeen) < RECENT_MS;
  }
}
