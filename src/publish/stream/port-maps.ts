/**
 * The port maps that somebody watches: one for each budget, shared by all who do, made in turns when one of them is due. In: the
 * source, the publish tick. Out: the text of a map. Without a watcher nothing is done.
 */
import { PortchurnError } from '../../protocol/errors.js';
import { PORTS_INTERVAL_MS } from '../../protocol/names.js';
import type { PortMap } from '../../protocol/ports/schema.js';
import type { PortSource } from '../../protocol/source.js';
import { type Payer, Payers } from '../../query/cost/payers.js';
import { FrameText } from '../../query/frame-text.js';
import type { Turn } from '../../query/turn.js';
import type { Tick } from '../../query/view.js';

/** Budgets whose maps are kept at once: each has 4 bytes for every port. */
const MAX_MAPS = 16;
/** Of one slice, in the steps of docs/decisions/filter-cost.md. */
const SLICE_STEPS = 4000;

/** One map, and the tick at which it was begun. */
export interface MadeMap extends Tick {
  /** From `"time":` to the closing brace. */
  readonly text: FrameText;
}

export class WatchedMap {
  readonly payers = new Payers();
  watchers = 0;
  #made: MadeMap | null = null;
  #isGone = false;
  #isWanted = true;
  #work: Iterator<void, PortMap | null> | null = null;
  #begun: Tick = { seq: 0, time: 0 };

  constructor(
    readonly budget: string,
    private readonly source: PortSource,
  ) {}

  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** One that is younger than `seq`; null: it is going to be made. Throws NOT_FOUND when the budget has ended. */
  after(seq: number, tick: Tick): MadeMap | null {
    if (this.#isGone) throw unknownBudget(this.budget);
    const made = this.#made;
    if (made !== null && made.seq > seq && tick.time - made.time < PORTS_INTERVAL_MS) return made;
    this.#isWanted = true;
    return null;
  }

  /** The next slice. */
  proceed(tick: Tick): void {
    if (this.#work === null) this.#begin(tick);
    const { done, value } = (this.#work as Iterator<void, PortMap | null>).next();
    this.payers.spend(SLICE_STEPS);
    if (!done) return;
    this.#work = null;
    this.#isWanted = false;
    this.#isGone = value === null;
    this.#made = value && { ...this.#begun, text: textOf(value) };
  }

  #begin({ seq, time }: Tick): void {
    this.#begun = { seq, time };
    this.#work = this.source.map(this.budget, time);
  }
}

export class PortMaps {
  /** The one that was worked on longest ago first. */
  readonly #maps = new Map<string, WatchedMap>();

  /** `publishes`: whether a service-wide filter shows the budget. */
  constructor(
    private readonly source: PortSource | undefined,
    private readonly publishes: (budget: string) => boolean,
  ) {}

  /** Throws UNKNOWN_TOPIC, NOT_FOUND or TOO_MANY. Give it back with release(). */
  acquire(budget: string, payer: Payer): WatchedMap {
    const { source } = this;
    if (source === undefined) throw new PortchurnError('UNKNOWN_TOPIC', 'this service has no ports');
    if (!source.has(budget) || !this.publishes(budget)) throw unknownBudget(budget);
    const map = this.#maps.get(budget) ?? this.#add(new WatchedMap(budget, source));
    map.watchers++;
    map.payers.join(payer);
    return map;
  }

  /** The last release drops the map. */
  release(map: WatchedMap, payer: Payer): void {
    map.payers.leave(payer);
    if (--map.watchers === 0) this.#maps.delete(map.budget);
  }

  get isCurrent(): boolean {
    for (const { isWanted } of this.#maps.values()) if (isWanted) return false;
    return true;
  }

  /** Works on what is wanted until the turn is over, one slice in any case. A map whose watchers cannot pay waits. */
  proceed(turn: Turn, tick: Tick): void {
    const now = performance.now();
    for (const [budget, map] of [...this.#maps]) {
      if (!map.isWanted || !map.payers.has(now)) continue;
      do map.proceed(tick);
      while (map.isWanted && !turn.over());
      this.#maps.delete(budget);
      this.#maps.set(budget, map);
      if (turn.over()) return;
    }
  }

  #add(map: WatchedMap): WatchedMap {
    if (this.#maps.size >= MAX_MAPS)
      throw new PortchurnError('TOO_MANY', `the ports of ${MAX_MAPS} budgets are watched already`);
    this.#maps.set(map.budget, map);
    return map;
  }
}

function unknownBudget(budget: string): PortchurnError {
  return new PortchurnError('NOT_FOUND', `there is no budget "${budget}" that has a port map`, {
    hint: 'keys are in /api/v1/snapshot?topic=budgets, those of kind "tuple"',
  });
}

/** One item: its chunk is shared by all who watch. */
function textOf({ time, budget, first, owners, cells }: PortMap): FrameText {
  const head = JSON.stringify({ time, budget, first, owners }).slice(1, -1);
  return new FrameText('', [{ json: `${head},"cells":"${cells}"` }], '}');
}
