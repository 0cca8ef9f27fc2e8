/**
 * When to audit what. Every few seconds the namespaces where something happens, now and then the others: each is dumped
 * by the native thread and joined with our tables. Between audits the tables run on events alone. Called by the engine.
 */
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Aggregator } from '../aggregate/ingest/aggregator.js';
import type { Namespace } from '../aggregate/model/namespace.js';
import type { Reconciler } from '../aggregate/reconcile/reconciler.js';
import type { DumpTarget } from '../capture/native.js';
import type { SocketDumper } from '../capture/socket-dumper.js';
import type { DumpBegin, DumpEnd, DumpSink, DumpSocket, DumpText } from '../decode/dump.js';
import { DumpTexts } from '../decode/dump-texts.js';
import type { Netns, NetworkNamespaces } from '../system/netns.js';

/** Between the end of one audit and the next, ms: eighty times what one takes, within these. */
const REST_MS = { least: 2000, most: 10_000 } as const;
/** The same where there are no events: audits are all that is seen. */
const POLLING_REST_MS = { least: 2000, most: 4000 } as const;
/** While failures wait for an audit to tell their cause: eight times, within these. */
const HASTE_MS = { least: 500, most: 2000 } as const;
const DUTY = 80;
const HASTE_DUTY = 8;
/** A namespace where nothing happens. */
const IDLE_MS = 30_000;
const DISCOVERY_MS = 10_000;
const CHECK_MS = 500;
/** Slots swept in one turn of the event loop: about a millisecond. */
const SWEEP_SLOTS = 50_000;

export class ReconcileLoop implements DumpSink {
  private readonly texts = new DumpTexts();
  /** Unix-free time of the last audit of each inode, ms of performance.now(). */
  private readonly auditedAt = new Map<number, number>();
  /** The namespace that an inode was found to be in this round. */
  private readonly found = new Map<number, Namespace>();
  private timer: NodeJS.Timeout | null = null;
  private restUntil = 0;
  /** As long as that, but for doubts. */
  private hasteFrom = 0;
  private running = false;
  private failed = false;
  private discoveredAt = Number.NEGATIVE_INFINITY;
  /** A namespace could not be entered: most likely it is gone. */
  private missed = false;

  constructor(
    private readonly dumper: SocketDumper,
    private readonly join: Reconciler,
    private readonly aggregator: Aggregator,
    private readonly namespaces: NetworkNamespaces,
    /** Counts every event that is in the ring now. */
    private readonly flush: () => void,
    private readonly log: Logger,
    /** There are no events: every namespace is looked at in each round, once this has looked around. */
    private readonly polls: (() => Promise<void>) | null = null,
  ) {}

  /** The first round covers every namespace; resolves when it is over. */
  async start(): Promise<void> {
    await this.round();
    this.timer = setInterval(() => void this.check(), CHECK_MS);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.dumper.close();
  }

  begin(begin: DumpBegin): void {
    this.texts.clear();
    this.missed ||= begin.error !== 0;
    if (begin.error !== 0) return;
    const cookie = begin.netnsLow + begin.netnsHigh * 2 ** 32;
    this.join.begin(cookie, begin.netnsInum, begin.startedNs);
    this.found.set(begin.netnsInum, this.aggregator.namespaces.of(cookie, begin.netnsInum));
  }

  socket(socket: DumpSocket): void {
    this.join.socket(socket);
  }

  text(text: DumpText): void {
    this.texts.add(text);
  }

  end(end: DumpEnd): void {
    const texts = this.texts.all();
    if (end.error === 0) this.join.facts(texts, texts.netstat);
    this.join.end(end.error === 0);
  }

  private async check(): Promise<void> {
    const hasDoubts = this.aggregator.failures.table.provisional.size > 0;
    if (this.running || performance.now() < (hasDoubts ? this.hasteFrom : this.restUntil)) return;
    if (this.due().length > 0 || this.hasStrangers()) await this.round();
  }

  private async round(): Promise<void> {
    this.running = true;
    const began = performance.now();
    try {
      if (this.needsDiscovery()) await this.discover();
      await this.polls?.();
      await this.audit(this.due());
      this.failed = false;
    } catch (error) {
      if (!this.failed) this.log.error({ err: error }, 'an audit failed: counts run on events alone');
      this.failed = true;
    }
    const ended = performance.now();
    const rest = this.polls === null ? REST_MS : POLLING_REST_MS;
    this.restUntil = ended + within(rest, (ended - began) * DUTY);
    this.hasteFrom = ended + within(HASTE_MS, (ended - began) * HASTE_DUTY);
    this.running = false;
  }

  private async audit(due: Netns[]): Promise<void> {
    this.found.clear();
    this.flush();
    this.join.beginRound();
    try {
      await this.dumper.dump(due.map(targetOf), this);
      this.flush();
      for (let at = 0; at >= 0; at = this.join.sweep(at, SWEEP_SLOTS)) await setImmediate();
    } finally {
      this.join.endRound();
    }
    const now = performance.now();
    for (const { inode } of due) this.auditedAt.set(inode, now);
    this.forgetGone(due);
  }

  /** Namespaces that are busy, or were not looked at for long. */
  private due(): Netns[] {
    const now = performance.now();
    if (this.polls !== null) return this.namespaces.list();
    const busy = new Set<number>();
    for (const namespace of this.aggregator.namespaces.all())
      if (this.isBusy(namespace)) busy.add(namespace.inode);
    return this.namespaces.list().filter(({ inode }) => {
      const last = this.auditedAt.get(inode);
      return last === undefined || busy.has(inode) || now - last > IDLE_MS;
    });
  }

  /** It holds TIME_WAIT entries, or something happened there since it was last looked at. */
  private isBusy(namespace: Namespace): boolean {
    if (namespace.timeWait > 0) return true;
    const audited = this.aggregator.unixMsAtZero + namespace.auditedAt / 1e6;
    return namespace.lastSeen > audited;
  }

  /** Events came from a namespace that nobody has found yet. */
  private hasStrangers(): boolean {
    const known = new Set(this.namespaces.list().map(({ inode }) => inode));
    for (const namespace of this.aggregator.namespaces.all()) {
      if (!known.has(namespace.inode) && namespace.auditedAt === 0 && this.isRecent(namespace)) return true;
    }
    return false;
  }

  private isRecent(namespace: Namespace): boolean {
    const now = this.aggregator.unixMsAtZero + Number(process.hrtime.bigint()) / 1e6;
    return Math.abs(now - namespace.lastSeen) < REST_MS.most * 2; /* the clock may have been set back */
  }

  /** Discovery walks /proc: when someone is missing, when one may have gone, and now and then. */
  private needsDiscovery(): boolean {
    return this.missed || this.hasStrangers() || performance.now() - this.discoveredAt > DISCOVERY_MS;
  }

  private async discover(): Promise<void> {
    await this.namespaces.refresh();
    this.missed = false;
    this.discoveredAt = performance.now();
  }

  /**
   * What was audited before and is listed no more is gone, with all its sockets. An inode may be used again. One that could
   * not be entered is not gone for that: the discovery that follows tells.
   */
  private forgetGone(due: Netns[]): void {
    const listed = new Set(this.namespaces.list().map(({ inode }) => inode));
    const asked = new Set(due.map(({ inode }) => inode));
    for (const namespace of [...this.aggregator.namespaces.all()]) {
      if (namespace.auditedAt === 0) continue;
      const there = asked.has(namespace.inode) ? this.found.get(namespace.inode) : undefined;
      const replaced = there !== undefined && there !== namespace;
      if (replaced || !listed.has(namespace.inode)) this.join.forget(namespace);
    }
    for (const inode of this.auditedAt.keys()) if (!listed.has(inode)) this.auditedAt.delete(inode);
  }
}

function within({ least, most }: { least: number; most: number }, ms: number): number {
  return Math.min(most, Math.max(least, ms));
}

function targetOf({ inode, mountPath, pid }: Netns): DumpTarget {
  return { id: inode, path: mountPath ?? `/proc/${pid}/ns/net` };
}
