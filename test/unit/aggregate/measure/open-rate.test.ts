import { describe, expect, it } from 'vitest';
import { OpenRate } from '../../../../src/aggregate/measure/open-rate.js';
import { random } from '../../../support/random.js';

/** Opens at a steady pace from `fromMs` to `toMs`. */
function steady(rate: OpenRate, perSecond: number, fromMs: number, toMs: number): void {
  for (let at = fromMs; at < toMs; at += 1000 / perSecond) rate.add(at);
}

describe('the rate of opens', () => {
  it('is 0 before the first and long after the last', () => {
    const rate = new OpenRate();
    expect(rate.estimate(5000)).toMatchObject({ perSecond: 0, noise: 0 });
    steady(rate, 100, 5000, 8000);
    expect(rate.estimate(60_000)).toMatchObject({ perSecond: 0, noise: 0 });
  });

  it.each([3, 40, 1000])('of %d a second is right at any moment within a second', (perSecond) => {
    for (const until of [12_000, 12_001, 12_370, 12_999, 50_500]) {
      const rate = new OpenRate();
      steady(rate, perSecond, 2345, until);
      const estimate = rate.estimate(until);
      const opens = Math.min(30, (until - 2345) / 1000) * perSecond;
      expect(Math.abs(estimate.perSecond / perSecond - 1)).toBeLessThanOrEqual(1 / opens);
      expect(estimate.noise).toBeLessThanOrEqual(0.05);
    }
  });

  it('of fewer than five opens says that it says nothing', () => {
    const rate = new OpenRate();
    for (const at of [1000, 1010, 1020, 1030]) rate.add(at);
    expect(rate.estimate(1100).noise).toBe(1);
    rate.add(1040);
    expect(rate.estimate(1100).noise).toBeLessThan(1);
  });

  it('is known from the first second on', () => {
    const rate = new OpenRate();
    steady(rate, 200, 7800, 8300);
    expect(rate.estimate(8300).perSecond).toBeCloseTo(200, -1);
  });

  it('of one open is small', () => {
    const rate = new OpenRate();
    rate.add(1000);
    expect(rate.estimate(1000).perSecond).toBeLessThanOrEqual(2);
    expect(rate.estimate(11_000).perSecond).toBeCloseTo(0.05);
  });

  it('follows a change within some seconds, up and down to nothing', () => {
    const rate = new OpenRate();
    steady(rate, 100, 0, 40_000);
    steady(rate, 300, 40_000, 44_000);
    expect(rate.estimate(44_000).perSecond).toBeCloseTo(300, -1);
    expect(rate.estimate(48_000).perSecond).toBe(0);
  });

  it('of bursts is their mean, not the last burst or the last pause', () => {
    const rate = new OpenRate();
    for (let burst = 0; burst < 60_000; burst += 5000) steady(rate, 500, burst, burst + 1000);
    for (let now = 60_000; now < 65_000; now += 500) {
      if (now === 60_000) steady(rate, 500, 60_000, 60_500);
      const { perSecond, noise } = rate.estimate(now);
      expect(Math.abs(perSecond - 100)).toBeLessThan(25);
      expect(noise).toBeGreaterThan(0.1);
    }
  });

  /** Asked in the middle of each second: opens per second, as `perSecond` gives them. */
  const asked = (perSecond: (second: number) => number, from: number, to: number) => {
    const rate = new OpenRate();
    const answers: number[] = [];
    for (let second = 0; second <= to; second++) {
      const count = perSecond(second);
      const half = Math.ceil(count / 2);
      for (let i = 0; i < half; i++) rate.add(second * 1000 + (i * 500) / half);
      if (second >= from) answers.push(rate.estimate(second * 1000 + 500).perSecond);
      for (let i = half; i < count; i++) rate.add(second * 1000 + 500 + ((i - half) * 500) / (count - half));
    }
    return answers;
  };

  it.each([
    ['as regular as a clock', () => 90],
    ['that waver', (second: number) => 20 + 140 * ((second * 0.618) % 1)],
    ['of every second second', (second: number) => (second % 2 === 0 ? 180 : 0)],
  ] as const)('falls within three seconds when opens %s end, or nearly', (_, before) => {
    for (const after of [0, 2]) {
      const answers = asked((second) => (second < 40 ? before(second) : after), 43, 80);
      expect(Math.max(...answers)).toBeLessThanOrEqual(5);
    }
  });

  it('follows one that decays', () => {
    const decay = (second: number) => Math.round(100 * 0.7 ** Math.max(0, second - 39));
    const answers = asked(decay, 44, 60);
    answers.forEach((answer, i) => {
      expect(answer).toBeLessThanOrEqual(3 * decay(41 + i) + 2);
    });
  });

  it('of a first second is gone two seconds after it', () => {
    expect(Math.max(...asked((second) => (second === 0 ? 1000 : 0), 3, 20))).toBe(0);
    expect(Math.max(...asked((second) => (second === 40 ? 1000 : 1), 43, 70))).toBeLessThanOrEqual(2);
  });

  it.each([100, 1000, 3000])(
    'of eleven that a program opens within %d ms as it starts is gone three seconds later',
    (within) => {
      const rate = new OpenRate();
      steady(rate, 11_000 / within, 4600, 4600 + within);
      for (let at = 4600 + within + 3000; at < 20_000; at += 500)
        expect([at, rate.estimate(at).perSecond]).toEqual([at, 0]);
    },
  );

  it('says over what time the stream has opened', () => {
    const rate = new OpenRate();
    steady(rate, 10, 1200, 3650);
    expect(rate.estimate(9000).streamSeconds).toBeCloseTo(2.4);
    steady(rate, 10, 60_000, 60_500);
    expect(rate.estimate(60_500).streamSeconds).toBeCloseTo(0.4);
  });

  it.each([5, 10, 15, 20])('of a batch each %d seconds goes on through the pauses', (period) => {
    const batch = (second: number) => (second % period === 0 ? 100 * period : 0);
    const answers = asked(batch, period + 2, 200);
    expect(Math.min(...answers)).toBeGreaterThanOrEqual(60);
    expect(Math.max(...answers)).toBeLessThanOrEqual(150);
  });

  it('of batches ends when the next one does not come', () => {
    const answers = asked((second) => (second <= 60 && second % 10 === 0 ? 1000 : 0), 72, 100);
    expect(Math.max(...answers)).toBe(0);
  });

  it('begins anew after a long silence, whether or not it was asked meanwhile', () => {
    for (const asks of [0, 60]) {
      const rate = new OpenRate();
      steady(rate, 50, 0, 5000);
      for (let second = 0; second < asks; second++) rate.estimate((5 + second) * 1000);
      steady(rate, 400, 90_500, 92_000);
      expect(rate.estimate(92_000).perSecond).toBeCloseTo(400, -1);
    }
  });

  it('counts an open that arrives late into the newest second', () => {
    const rate = new OpenRate();
    rate.add(9000, 10);
    rate.add(7000, 10);
    expect(rate.estimate(11_000).perSecond).toBeCloseTo(9.75);
  });

  it('says of random opens how far it may be off', () => {
    const next = random(3);
    let [within, rounds] = [0, 0];
    for (let round = 0; round < 200; round++, rounds++) {
      const rate = new OpenRate();
      for (let at = 0; at < 31_000; at += -Math.log((next(1e9) + 0.5) / 1e9) * 25) rate.add(at);
      const { perSecond, noise } = rate.estimate(31_000);
      expect(noise).toBeGreaterThan(0.01);
      expect(noise).toBeLessThan(0.06);
      if (Math.abs(perSecond / 40 - 1) < 2 * noise) within += 1;
    }
    expect(within / rounds).toBeGreaterThan(0.9);
  });
});
