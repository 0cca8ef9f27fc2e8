/**
 * Reads the port settings of namespaces between two audits, so that a changed one shows within two seconds (rows are published
 * every second): where there are budgets more than once a second, every ten seconds where nothing happens. A native thread enters
 * each namespace; the event loop takes the texts. In: the tables, paths of namespaces. Out: namespaces with their settings. One
 * round at a time, and of many namespaces so many in each that it costs one percent of a processor (docs/decisions/settings.md).
 */
import type { Logger } from 'pino';
import type { Moment } from '../aggregate/history/history.js';
import type { Namespace } from '../aggregate/model/namespace.js';
import { takeSettings } from '../aggregate/reconcile/namespace-settings.js';
import type { NamespaceTable } from '../aggregate/tables/namespace-table.js';
import type { DumpTarget } from '../capture/native.js';
import type { DumpBegin, DumpEnd, DumpSink, DumpText } from '../decode/dump.js';
import { DumpTexts } from '../decode/dump-texts.js';
import { type NetworkNamespaces, pathOf } from '../system/netns.js';
import type { DumpReader } from './dump-reader.js';
import { moment } from './moment.js';

const ROUND_MS = 750;
/** Without an event for this long a namespace is idle, and is read this seldom. */
const IDLE_MS = 10_000;
/** Namespaces read in one round: of more, those first that were not read for the longest time. */
const MOST_PER_ROUND = 40;

export class SettingsLoop implements DumpSink {
  private readonly texts = new DumpTexts();
  /** When each was last asked, CLOCK_MONOTONIC ms. */
  private readonly askedAt = new WeakMap<Namespace, number>();
  /** Of this round, by the number of its target. */
  private asked: Namespace[] = [];
  /** Of the target that is being read; null: it is not the namespace that was meant. */
  private current: Namespace | null = null;
  private startedNs = 0;
  private timer: NodeJS.Timeout | null = null;
  private running = false;
  private failed = false;

  constructor(
    private readonly dumps: DumpReader,
    private readonly table: NamespaceTable,
    private readonly namespaces: NetworkNamespaces,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.round(), ROUND_MS);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.dumps.close();
  }

  begin(begin: DumpBegin): void {
    this.texts.clear();
    this.startedNs = begin.startedNs;
    const meant = this.asked[begin.id];
    const cookie = begin.netnsLow + begin.netnsHigh * 2 ** 32;
    this.current = begin.error === 0 && meant?.cookie === cookie ? meant : null;
  }

  socket(): void {}

  gone(): void {}

  text(text: DumpText): void {
    this.texts.add(text);
  }

  end({ error }: DumpEnd): void {
    if (error === 0 && this.current !== null) takeSettings(this.current, this.texts.all(), this.startedNs);
  }

  private async round(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      const targets = this.choose();
      if (targets.length > 0) await this.dumps.dump(targets, this);
      this.failed = false;
    } catch (error) {
      this.complain(error);
    }
    this.running = false;
  }

  /** Once, and not of the end. */
  private complain(error: unknown): void {
    if (this.timer === null || this.failed) return;
    this.log.error({ err: error }, 'settings could not be read: a changed one shows with the next audit');
    this.failed = true;
  }

  private choose(): DumpTarget[] {
    const now = moment();
    const due = this.due(now).slice(0, MOST_PER_ROUND);
    for (const namespace of due) this.askedAt.set(namespace, now.ms);
    this.asked = due;
    const paths = new Map(this.namespaces.list().map((netns) => [netns.inode, pathOf(netns)]));
    if (due.some(({ inode }) => !paths.has(inode))) this.namespaces.suggest();
    return due.flatMap(({ inode }, id) => {
      const path = paths.get(inode);
      return path === undefined ? [] : [{ id, path, settingsOnly: true }];
    });
  }

  /** Those that were not read for the longest time come first. */
  private due({ ms, unixMs }: Moment): Namespace[] {
    const ages = new Map<Namespace, number>();
    for (const namespace of this.table.all()) {
      if (namespace.budgets === 0 || namespace === this.table.rest) continue;
      const age = ms - (this.askedAt.get(namespace) ?? Number.NEGATIVE_INFINITY);
      const isIdle = Math.abs(unixMs - namespace.lastSeen) > IDLE_MS;
      /* A timer may be early as well as late. */
      if (age > (isIdle ? IDLE_MS : ROUND_MS) - ROUND_MS / 2) ages.set(namespace, age);
    }
    return [...ages.keys()].sort((a, b) => (ages.get(b) as number) - (ages.get(a) as number));
  }
}
