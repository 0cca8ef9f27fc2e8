/**
 * What really happens in a port budget, one connection at a time: the oracle of the forecast's tests. A connection opens
 * when a port is free, closes after its lifetime, and may wait in TIME_WAIT; the first open that finds no port is the
 * truth. What the service would know at any moment is made from the same events.
 */

import { OpenRate } from '../../../src/aggregate/measure/open-rate.js';
import type { ForecastInput } from '../../../src/forecast/exhaustion.js';

export interface Process {
  limit: number;
  /** Seconds to the next open, asked after each one. */
  gap: (now: number) => number;
  /** Seconds from open to close. */
  lifetime: () => number;
  /** Whether a close leaves a TIME_WAIT entry. */
  waits: () => boolean;
  waitSeconds: number;
  /** When time begins, seconds: a clock's whole seconds mean nothing to the process. */
  phase: number;
}

interface Happening {
  at: number;
  kind: 'close' | 'release';
  openedAt: number;
}

/** A second's closes, for the means of the last ten. */
interface Closes {
  count: number;
  lived: number;
  waited: number;
}

const RECENT_SECONDS = 10;

export class World {
  now: number;
  live = 0;
  waiting = 0;
  /** When an open first found no port. */
  failedAt: number | null = null;
  private readonly rate = new OpenRate();
  private readonly agenda = new Agenda();
  private readonly closes = new Map<number, Closes>();
  private nextOpen: number;

  constructor(private readonly process: Process) {
    this.now = process.phase;
    this.nextOpen = this.now + process.gap(this.now);
  }

  get held(): number {
    return this.live + this.waiting;
  }

  /** Runs until `stop` says so after an event, an open fails, or `until` (seconds) comes. */
  run(until: number, stop: (world: World) => boolean = () => false): void {
    while (this.failedAt === null && !stop(this)) {
      const next = Math.min(this.nextOpen, this.agenda.next);
      this.now = Math.min(next, until);
      if (next > until) return;
      if (this.agenda.next <= this.nextOpen) this.happen(this.agenda.take());
      else this.open();
    }
  }

  /** What the service knows now. */
  input(expected = false): ForecastInput {
    const { perSecond, noise, streamSeconds } = this.rate.estimate(this.now * 1000);
    const { count, lived, waited } = this.recentCloses();
    return {
      limit: this.process.limit,
      live: this.live,
      waiting: this.waiting,
      openPerSec: perSecond,
      noise,
      streamSeconds,
      closePerSec: count / (this.now - Math.max(this.process.phase, this.recentSecond)),
      releases: this.agenda.releases(this.now),
      lifetimeSeconds: count === 0 ? null : lived / count,
      waitShare: count === 0 ? 1 : waited / count,
      waitSeconds: this.process.waitSeconds,
      expected,
    };
  }

  private open(): void {
    if (this.held >= this.process.limit) {
      this.failedAt = this.now;
      return;
    }
    this.live += 1;
    this.rate.add(this.now * 1000);
    this.agenda.add({ at: this.now + this.process.lifetime(), kind: 'close', openedAt: this.now });
    this.nextOpen = this.now + this.process.gap(this.now);
  }

  private happen({ kind, openedAt }: Happening): void {
    if (kind === 'release') {
      this.waiting -= 1;
      return;
    }
    this.live -= 1;
    const waits = this.process.waits();
    this.note(this.now - openedAt, waits);
    if (!waits) return;
    this.waiting += 1;
    this.agenda.add({ at: this.now + this.process.waitSeconds, kind: 'release', openedAt });
  }

  private note(lived: number, waits: boolean): void {
    const second = Math.floor(this.now);
    const closes = this.closes.get(second) ?? { count: 0, lived: 0, waited: 0 };
    closes.count += 1;
    closes.lived += lived;
    closes.waited += waits ? 1 : 0;
    this.closes.set(second, closes);
  }

  private get recentSecond(): number {
    return Math.floor(this.now) - RECENT_SECONDS + 1;
  }

  private recentCloses(): Closes {
    const sum = { count: 0, lived: 0, waited: 0 };
    for (let second = this.recentSecond; second <= this.now; second++) {
      const closes = this.closes.get(second);
      sum.count += closes?.count ?? 0;
      sum.lived += closes?.lived ?? 0;
      sum.waited += closes?.waited ?? 0;
    }
    return sum;
  }
}

/** What is to come, soonest first (a binary heap). */
class Agenda {
  private readonly heap: Happening[] = [];

  get next(): number {
    return this.heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  add(item: Happening): void {
    let place = this.heap.push(item) - 1;
    for (let above = (place - 1) >> 1; place > 0 && this.at(above) > item.at; above = (place - 1) >> 1) {
      this.heap[place] = this.heap[above] as Happening;
      place = above;
    }
    this.heap[place] = item;
  }

  take(): Happening {
    const first = this.heap[0] as Happening;
    const last = this.heap.pop() as Happening;
    if (this.heap.length > 0) this.sink(last);
    return first;
  }

  /** As the kernel's timers tell: releases in each second from `now`. */
  releases(now: number): Uint32Array {
    const counts = new Uint32Array(121);
    for (const { at, kind } of this.heap) if (kind === 'release') counts[Math.floor(at - now)]! += 1;
    return counts;
  }

  private sink(item: Happening): void {
    let place = 0;
    for (let below = 1; below < this.heap.length; below = 2 * place + 1) {
      if (this.at(below + 1) < this.at(below)) below += 1;
      if (this.at(below) >= item.at) break;
      this.heap[place] = this.heap[below] as Happening;
      place = below;
    }
    this.heap[place] = item;
  }

  private at(place: number): number {
    return this.heap[place]?.at ?? Number.POSITIVE_INFINITY;
  }
}
