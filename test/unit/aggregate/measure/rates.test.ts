import { describe, expect, it } from 'vitest';
import { RATE_SECONDS, RateWindow } from '../../../../src/aggregate/measure/rates.js';
import { random } from '../../../support/random.js';

/** A window with these counts of kind 0, by second. */
function counted(...counts: readonly (readonly [second: number, count: number])[]): RateWindow {
  const window = new RateWindow(2);
  for (const [second, count] of counts) window.add(0, second, count);
  return window;
}

describe('a rate', () => {
  it('is 0 before anything was counted', () => {
    expect(new RateWindow(1).perSecond(0, 1000)).toBe(0);
    expect(new RateWindow(1).isActive(0)).toBe(false);
  });

  it('is over ten seconds once ten seconds have passed', () => {
    const window = new RateWindow(1);
    for (let second = 100; second < 120; second++) window.add(0, second, 30);
    expect(window.perSecond(0, 119)).toBe(30);
  });

  it('is over the time since the first count while that is shorter', () => {
    expect(counted([100, 50]).perSecond(0, 100)).toBe(50);
    expect(counted([100, 50]).perSecond(0, 101)).toBe(25);
    expect(counted([100, 50]).perSecond(0, 104)).toBe(10);
  });

  it('of what has ended is over all ten seconds, so that lives of a moment add up to the rate at which they come', () => {
    const perSecond = 5;
    let sum = 0;
    for (let life = 0; life < perSecond * RATE_SECONDS; life++) {
      const begun = 100 + Math.floor(life / perSecond);
      sum += counted([begun, 1]).perSecond(0, 109, 1, true);
    }
    expect(sum).toBeCloseTo(perSecond);
  });

  it('is right at every moment of a second: what has not passed yet does not count as time', () => {
    const steady = (tenth: number) => {
      const window = new RateWindow(1);
      for (let second = 100; second < 120; second++) window.add(0, second, 40);
      window.add(0, 120, 4 * tenth);
      return window.perSecond(0, 120, tenth / 10);
    };
    expect([0, 1, 5, 9, 10].map(steady)).toEqual([40, 40, 40, 40, 40]);
    expect(counted([100, 50]).perSecond(0, 101, 0.25)).toBe(40);
    expect(counted([100, 50]).perSecond(0, 100, 0.1)).toBe(50);
  });

  it('falls to 0 when ten seconds without a count have passed', () => {
    const window = counted([100, 50]);
    expect(window.perSecond(0, 109)).toBe(5);
    expect(window.isActive(109)).toBe(true);
    expect(window.perSecond(0, 110)).toBe(0);
    expect(window.isActive(110)).toBe(false);
  });

  it('has one decimal', () => {
    expect(counted([100, 1], [102, 0]).perSecond(0, 102)).toBe(0.3);
  });

  it('keeps its kinds apart', () => {
    const window = new RateWindow(3);
    window.add(1, 5, 10);
    expect([0, 1, 2].map((kind) => window.perSecond(kind, 5))).toEqual([0, 10, 0]);
  });

  it('counts a late event into the newest second', () => {
    const window = counted([100, 1], [99, 1]);
    expect(window.perSecond(0, 100)).toBe(2);
  });

  it('says what a plain list of events says, through gaps and bursts', () => {
    const next = random(7);
    const window = new RateWindow(1);
    const events: number[] = [];
    let second = 1000;
    for (let i = 0; i < 3000; i++) {
      second += next(50) === 0 ? next(15) : next(2);
      window.add(0, second);
      events.push(second);
      const span = Math.min(RATE_SECONDS, second - 1000 + 1 - ((events[0] as number) - 1000));
      const recent = events.slice(-200).filter((at) => at > second - RATE_SECONDS).length;
      expect(window.perSecond(0, second)).toBe(Math.round((recent / span) * 10) / 10);
    }
  });
});

describe('merged rates', () => {
  it.each([
    ['of the same time', [[100, 5]], [[100, 7]], 100, 12],
    ['into an older one', [[95, 10]], [[100, 20]], 100, 5],
    ['into a newer one', [[100, 20]], [[95, 10]], 100, 5],
    ['of an empty one', [[100, 5]], [], 100, 5],
    ['into an empty one', [], [[100, 5]], 100, 5],
    ['when the other is long past', [[100, 5]], [[80, 1000]], 100, 0.5],
    ['when this one is long past', [[80, 1000]], [[100, 5]], 100, 0.5],
  ] as const)('add up %s', (_, into, from, second, rate) => {
    const window = counted(...into);
    window.merge(counted(...from));
    expect(window.perSecond(0, second)).toBe(rate);
    expect(window.isActive(second)).toBe(true);
  });

  it('equal one window that counted everything', () => {
    const next = random(11);
    for (let round = 0; round < 300; round++) {
      const [all, a, b] = [new RateWindow(2), new RateWindow(2), new RateWindow(2)];
      let second = 500 + next(10);
      for (let i = 0; i < next(40); i++) {
        second += next(4);
        const kind = next(2);
        all.add(kind, second);
        (next(2) ? a : b).add(kind, second);
      }
      a.merge(b);
      for (const kind of [0, 1]) expect(a.perSecond(kind, second)).toBe(all.perSecond(kind, second));
    }
  });
});

describe('a steady rate', () => {
  it('is exact two seconds after a stream began in the middle of a second', () => {
    const window = counted([100, 300], [101, 1000], [102, 700]);
    expect(window.steadyPerSecond(0, 102)).toBe(1000);
  });

  it('is the plain rate before a whole second has passed', () => {
    expect(counted([100, 300]).steadyPerSecond(0, 100)).toBe(300);
    expect(counted([100, 300], [101, 10]).steadyPerSecond(0, 101)).toBe(155);
  });

  it('forgets what is older than the window', () => {
    const window = new RateWindow(1);
    for (let second = 100; second < 150; second++) window.add(0, second, second < 140 ? 9 : 30);
    expect(window.steadyPerSecond(0, 149)).toBe(30);
  });
});
