/**
 * When an audit runs: every few seconds the busy namespaces, now and then the others. The native thread dumps each, and the
 * reconciler compares the dump with the tables; between two audits the tables rely on events alone. In: the schedule. Out:
 * calls of the reconciler, in slices of the event loop.
 */
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Aggregator } from '../aggregate/ingest/aggregator.js';
import type { Namespace } from '../aggregate/model/namespace.js';
import type { Reconciler } from '../aggregate/reconcile/reconciler.js';
import type { DumpTarget } from '../capture/native.js';
import type { DumpBegin, DumpEnd, DumpGone, DumpSink, DumpSocket, DumpText } from '../decode/dump.js';
import { DumpTexts } from '../decode/dump-texts.js';
import { type Netns, type NetworkNamespaces, pathOf } from '../system/netns.js';
import { Attempt } from './attempt.js';
import { AuditSchedule } from './audit-schedule.js';
import type { DumpReader } from './dump-reader.js';
import { moment } from './moment.js';

/** Between the end of one audit and the next, ms: eighty times its duration, within these. */
const REST_MS = { least: 2000, most: 10_000 } as const;
/** The same where there are no events: audits are the only source then. */
const POLLING_REST_MS = { least: 2000, most: 4000 } as const;
/** While ports run out in a namespace whose gauges do not show it: eight times its duration, within these. */
const DOUBTFUL_REST_MS = { least: 500, most: 2000 } as const;
const REST_FACTOR = 80;
const DOUBTFUL_REST_FACTOR = 8;
const CHECK_MS = 500;
/** Slots swept in one turn of the event loop: about a millisecond. */
const SWEEP_SLOTS = 50_000;

export class ReconcileLoop implements DumpSink {
  private readonly texts = new DumpTexts();
  private readonly schedule: AuditSchedule;
  private timer: NodeJS.Timeout | null = null;
  private restUntil = 0;
  private doubtfulRestUntil = 0;
  private running = false;
  private readonly audits: Attempt;
  private readonly discovery: Attempt;

  constructor(
    private readonly dumps: DumpReader,
    private readonly reconciler: Reconciler,
    private readonly aggregator: Aggregator,
    namespaces: NetworkNamespaces,
    /** Counts every event that is in the ring now. */
    private readonly catchUp: () => void,
    log: Logger,
    /** There are no events: every namespace is audited in each round, after this has scanned who holds which socket. */
    private readonly poll: (() => Promise<void>) | null = null,
  ) {
    this.audits = new Attempt(log, 'an audit failed: counts run on events alone');
    this.discovery = new Attempt(log, 'network namespaces could not be listed: those that are known stay');
    this.schedule = new AuditSchedule(aggregator, namespaces, poll !== null);
  }

  /** The first round covers every namespace; resolves when it is over. */
  async start(): Promise<void> {
    await this.discovery.run(() => this.schedule.begin());
    await this.round();
    this.timer = setInterval(() => void this.check(), CHECK_MS);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.dumps.close();
  }

  begin(begin: DumpBegin): void {
    this.texts.clear();
    if (begin.error !== 0) {
      this.schedule.noteMissed();
      return;
    }
    const cookie = begin.netnsLow + begin.netnsHigh * 2 ** 32;
    this.reconciler.begin(cookie, begin.netnsInum, begin.startedNs, begin.basedOn !== 0, begin.ownerUid);
  }

  socket(socket: DumpSocket): void {
    this.reconciler.socket(socket);
  }

  gone(gone: DumpGone): void {
    this.reconciler.gone(gone);
  }

  text(text: DumpText): void {
    this.texts.add(text);
  }

  end(end: DumpEnd): void {
    const texts = this.texts.all();
    if (end.error === 0) this.reconciler.facts(texts, texts.netstat);
    this.reconciler.end(end.error === 0, end);
  }

  private async check(): Promise<void> {
    if (this.schedule.wantsDiscovery()) void this.discovery.run(() => this.schedule.discover());
    const restUntil = this.aggregator.failures.wantAudit(moment().ms * 1e6)
      ? this.doubtfulRestUntil
      : this.restUntil;
    if (this.running || performance.now() < restUntil) return;
    if (this.schedule.due().length > 0 || this.schedule.gone().length > 0) await this.round();
  }

  private async round(): Promise<void> {
    this.running = true;
    const began = performance.now();
    await this.audits.run(async () => {
      await this.poll?.();
      await this.audit(this.schedule.due());
    });
    this.rest(performance.now() - began);
    this.running = false;
  }

  private rest(tookMs: number): void {
    const now = performance.now();
    const bounds = this.poll === null ? REST_MS : POLLING_REST_MS;
    this.restUntil = now + within(bounds, tookMs * REST_FACTOR);
    this.doubtfulRestUntil = now + within(DOUBTFUL_REST_MS, tookMs * DOUBTFUL_REST_FACTOR);
  }

  private async audit(due: readonly Netns[]): Promise<void> {
    this.catchUp();
    this.reconciler.beginRound();
    try {
      await this.dumps.dump(
        due.map((netns) => this.targetOf(netns)),
        this,
      );
      this.catchUp();
      for (let at = 0; at >= 0; at = this.reconciler.sweep(at, SWEEP_SLOTS)) await setImmediate();
    } finally {
      this.reconciler.endRound();
    }
    this.schedule.noteAudited(due);
    await this.forget(new Set(this.schedule.gone()));
  }

  private targetOf(netns: Netns): DumpTarget {
    const request = this.reconciler.request(netns.inode, moment().ms * 1e6);
    return { id: netns.inode, path: pathOf(netns), ...request };
  }

  private async forget(gone: ReadonlySet<Namespace>): Promise<void> {
    if (gone.size === 0) return;
    for (let at = 0; at >= 0; at = this.reconciler.forget(gone, at, SWEEP_SLOTS)) await setImmediate();
  }
}

function within({ least, most }: { least: number; most: number }, ms: number): number {
  return Math.min(most, Math.max(least, ms));
}
