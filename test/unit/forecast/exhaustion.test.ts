import { describe, expect, it } from 'vitest';
import { exhaustionSeconds, type ForecastInput, heldOver } from '../../../src/forecast/exhaustion.js';
import { random } from '../../support/random.js';

/** 1000 ports, none held, ten opens a second that close at once and wait for a minute. */
function forecast(parts: Partial<ForecastInput> = {}): number | null {
  return exhaustionSeconds({
    limit: 1000,
    live: 0,
    waiting: 0,
    openPerSec: 10,
    releases: [],
    lifetimeSeconds: 0.01,
    waitShare: 1,
    waitSeconds: 60,
    ...parts,
  });
}

describe('exhaustion', () => {
  it('is now when nothing is free, whatever the rate', () => {
    expect(forecast({ live: 400, waiting: 600, openPerSec: 0 })).toBe(0);
    expect(forecast({ live: 400, waiting: 700 })).toBe(0);
    expect(forecast({ limit: 0, openPerSec: 0 })).toBe(0);
  });

  it('never comes when nothing opens', () => {
    expect(forecast({ waiting: 999, openPerSec: 0 })).toBeNull();
    expect(forecast({ waiting: 999, openPerSec: Number.NaN })).toBeNull();
  });

  it('is what is free over the rate while nothing is given back', () => {
    expect(forecast({ limit: 500 })).toBeCloseTo(50);
    expect(forecast({ limit: 500, waiting: 125 })).toBeCloseTo(37.5);
    expect(forecast({ limit: 500, live: 125, lifetimeSeconds: null })).toBeCloseTo(37.5);
  });

  it('never comes when as many are given back', () => {
    expect(forecast({ openPerSec: 16 })).toBeNull();
    expect(forecast({ waiting: 600, releases: Array(60).fill(10) })).toBeNull();
    expect(forecast({ openPerSec: 400, waitSeconds: 1 })).toBeNull();
    expect(forecast({ openPerSec: 400, waitSeconds: 60 })).toBeCloseTo(2.5);
  });

  it('waits for the kernel timers second by second', () => {
    expect(forecast({ limit: 110, waiting: 100 })).toBeCloseTo(1);
    expect(forecast({ limit: 110, waiting: 100, releases: [5] })).toBeCloseTo(1.5);
    expect(forecast({ limit: 110, waiting: 100, releases: [0, 0, 50] })).toBeCloseTo(1);
    expect(forecast({ limit: 110, waiting: 100, releases: [5, 20] })).toBeCloseTo(3.5);
    expect(forecast({ limit: 110, waiting: 100, releases: [100] })).toBeCloseTo(11);
  });

  it('counts a connection while it lives, and the share that waits then', () => {
    const held = { limit: 400, lifetimeSeconds: 20, live: 200, closePerSec: 10 };
    expect(forecast(held)).toBeCloseTo(20);
    expect(forecast({ ...held, waitShare: 0.5 })).toBeCloseTo(40);
    expect(forecast({ ...held, waitShare: 0 })).toBeNull();
    expect(forecast({ limit: 400, lifetimeSeconds: 20, waitShare: 0.5 })).toBeCloseTo(60);
  });

  it('leaves an idle pool where it is', () => {
    const pool = { live: 300, closePerSec: 10 };
    expect(forecast({ ...pool, limit: 1000 })).toBeNull();
    expect(forecast({ ...pool, limit: 800 })).toBeCloseTo(50);
  });

  it('sees a leak: fewer close than open, and the rest stays', () => {
    const leak = { live: 200, closePerSec: 8, waitShare: 0 };
    expect(forecast(leak)).toBeCloseTo(400);
    expect(forecast({ ...leak, closePerSec: null })).toBeNull();
  });

  it('takes a few that stay for no leak: two of twelve in thirty seconds say next to nothing', () => {
    const few = { limit: 200, waitShare: 0, openPerSec: 0.4, closePerSec: 0.33, lifetimeSeconds: 0.02 };
    for (let live = 1; live <= 10; live++) expect(forecast({ ...few, live })).toBeNull();
    expect(forecast({ ...few, live: 11 })).toBeCloseTo(189 / 0.07);
  });

  it('sees a slow leak that fills the budget within the hour long before', () => {
    const leak = { limit: 200, waitShare: 0, openPerSec: 0.4, closePerSec: 0.34, lifetimeSeconds: 0.02 };
    expect(forecast({ ...leak, live: 12 })).toBeGreaterThan(3000);
  });

  it('goes by closes where no lifetime is known, and by lifetimes where no whole second has seen a close', () => {
    const burst = { live: 6, openPerSec: 14.2, waiting: 800, releases: Array(60).fill(14) };
    expect(forecast({ ...burst, lifetimeSeconds: null, closePerSec: 14 })).toBeNull();
    expect(forecast({ ...burst, lifetimeSeconds: 0.03, closePerSec: 0 })).toBeNull();
    expect(forecast({ ...burst, lifetimeSeconds: null, closePerSec: 0 })).toBeGreaterThan(60);
  });

  it('never comes beyond an hour', () => {
    expect(forecast({ lifetimeSeconds: null, openPerSec: 0.3 })).toBeCloseTo(1000 / 0.3);
    expect(forecast({ lifetimeSeconds: null, openPerSec: 0.27 })).toBeNull();
  });

  it('is not extrapolated from a few opens, announced or not', () => {
    expect(forecast({ openPerSec: 100, noise: 1 })).toBeNull();
    expect(forecast({ openPerSec: 100, noise: 1, expected: true })).toBeNull();
  });

  it('is not extrapolated from the first half second, nor while a few connections may be a pool that grows', () => {
    expect(forecast({ openPerSec: 100, streamSeconds: 0.4 })).toBeNull();
    expect(forecast({ openPerSec: 100, streamSeconds: 0.6 })).toBeCloseTo(10);
    const pool = { limit: 50, live: 11, openPerSec: 4, lifetimeSeconds: null, closePerSec: 0 };
    expect(forecast({ ...pool, streamSeconds: 4 })).toBeNull();
    expect(forecast({ ...pool, streamSeconds: 6 })).toBeCloseTo(39 / 4);
    expect(forecast({ ...pool, streamSeconds: 4, lifetimeSeconds: 0.01 })).toBeCloseTo(39 / 4);
    expect(forecast({ ...pool, streamSeconds: 4, limit: 500, live: 40 })).toBeCloseTo(460 / 4);
    expect(forecast({ ...pool, streamSeconds: 4, live: 50 })).toBe(0);
  });

  it('is believed only when a rate lower by the noise fills the budget too', () => {
    const needed = 1000 / 60;
    expect(forecast({ openPerSec: needed * 1.02 })).toBeNull();
    expect(forecast({ openPerSec: needed * 1.04 })).toBeCloseTo(60 / 1.04, 1);
    expect(forecast({ openPerSec: needed * 1.04, noise: 0.1 })).toBeNull();
  });

  it('is given up only when a rate higher by a third of the noise does not fill it', () => {
    const needed = 1000 / 60;
    expect(forecast({ openPerSec: needed * 1.02, expected: true })).toBeCloseTo(60 / 1.02, 1);
    expect(forecast({ openPerSec: needed * 0.995, expected: true })).toBeCloseTo(60, 0);
    expect(forecast({ openPerSec: needed * 0.98, expected: true })).toBeNull();
    expect(forecast({ openPerSec: needed * 0.98, expected: true, noise: 0.09 })).toBeCloseTo(
      60 / (0.98 * 1.03),
    );
  });
});

describe('the course of what is held', () => {
  const course = (parts: Partial<ForecastInput>, seconds: number) =>
    heldOver(
      {
        ...{ limit: 1000, live: 0, waiting: 0, openPerSec: 10, releases: [] },
        ...{ lifetimeSeconds: 0, waitShare: 1, waitSeconds: 60, ...parts },
      },
      seconds,
    );

  it('rises until as much ends as begins', () => {
    const held = course({}, 100);
    expect([held.length, held[0], held[30], held[60], held[100]]).toEqual([101, 0, 300, 600, 600]);
  });

  it('gives back what the timers say', () => {
    expect(course({ openPerSec: 0, waiting: 50, releases: [10, 0, 40] }, 4)).toEqual([50, 40, 40, 0, 0]);
  });

  it('stays at the limit, above which nothing is given, and begins above it where more is held', () => {
    expect(course({ limit: 100 }, 20).slice(9)).toEqual(Array(12).fill(100).fill(90, 0, 1));
    expect(course({ limit: 10, waiting: 30, openPerSec: 0, releases: [25] }, 1)).toEqual([30, 5]);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('meets the limit when exhaustion comes (%i)', (seed) => {
    const next = random(seed);
    const input = {
      ...{ limit: 200 + next(800), live: next(50), waiting: next(100), openPerSec: 1 + next(40) },
      ...{ releases: Array.from({ length: 60 }, () => next(5)), lifetimeSeconds: next(3), waitShare: 1 },
      waitSeconds: 60,
    };
    const full = exhaustionSeconds({ ...input, expected: true });
    const first = heldOver(input, 3600).findIndex((held) => held >= input.limit - 1e-6);
    if (full === null) expect(first).toBe(-1);
    else expect(first).toBe(Math.ceil(full));
  });
});
