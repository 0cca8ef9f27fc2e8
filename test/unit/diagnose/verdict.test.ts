import { describe, expect, it } from 'vitest';
import type { Tables } from '../../../src/diagnose/types.js';
import { project, UNCHANGED } from '../../../src/forecast/projection.js';
import type { VerdictRow } from '../../../src/protocol/rows.js';
import { flow, proc } from '../publish/rows.js';
import { actor, budget, failure, NOW, PLACE, tables, totals, Watch } from './world.js';

/** One evaluation per step, `at` seconds after NOW. */
function said(steps: readonly (Partial<Tables> & { at: number })[]) {
  const watch = new Watch();
  const rows = steps.map(
    ({ at, ...given }) => watch.step(tables({ actors: [actor()], ...given, time: NOW + at * 1000 })).verdict,
  );
  return rows.at(-1) as VerdictRow;
}

const full = { budgets: [budget({ used: 28_232, exhaustionSeconds: 0 })] };
const soon = { budgets: [budget({ used: 20_000, exhaustionSeconds: 130 })] };
const calm = { budgets: [budget({ used: 3388 })] };

describe('the verdict', () => {
  it('names the tightest budget when all is fine', () => {
    expect(said([{ at: 0, ...calm }])).toMatchObject({
      key: 'verdict',
      level: 'ok',
      text: 'Ports are fine. Tightest budget: 12 % to 10.0.0.9:8080.',
      exhaustionSeconds: null,
      budget: 'b',
    });
    expect(said([{ at: 0 }]).text).toBe('Ports are fine. No outbound connection holds one.');
  });

  it('counts down with the culprit’s unit and the time of day, once the danger has lasted', () => {
    expect(said([{ at: 0, ...soon }]).level).toBe('ok');
    expect(
      said([
        { at: 0, ...soon },
        { at: 2, ...soon },
        { at: 4, ...soon },
      ]),
    ).toMatchObject({
      level: 'warning',
      text: 'At this rate worker.service runs out of ports to 10.0.0.9:8080 in 2 min 10 s (14:04:45).',
      exhaustionSeconds: 130,
      since: NOW + 4000,
    });
  });

  it('goes on counting while a forecast is missing for some seconds', () => {
    const row = said([
      { at: 0, ...soon },
      { at: 4, ...soon },
      { at: 9, ...calm },
    ]);
    expect(row).toMatchObject({ level: 'warning', exhaustionSeconds: 125 });
    expect(
      said([
        { at: 0, ...soon },
        { at: 4, ...soon },
        { at: 14, ...calm },
      ]).level,
    ).toBe('ok');
  });

  it('says since when how many connects fail', () => {
    expect(said([{ at: 0, ...full, failures: [failure()] }])).toMatchObject({
      level: 'critical',
      text: 'Out of ports to 10.0.0.9:8080. 312 connects/s fail since 14:02:31 (EADDRNOTAVAIL).',
      exhaustionSeconds: 0,
    });
  });

  it('says since when they fail, not since when a warning was open', () => {
    const failures = [failure({ firstSeen: NOW + 60_000, lastSeen: NOW + 60_000 })];
    const warned = [0, 2, 4, 30].map((at) => ({ at, ...soon }));
    const { text } = said([...warned, { at: 60, ...full, failures }]);
    expect(text).toBe('Out of ports to 10.0.0.9:8080. 312 connects/s fail since 14:03:31 (EADDRNOTAVAIL).');
  });

  it('is about the one that fails most, but does not go back and forth between two that fail alike', () => {
    const two = (perSec: number) => (at: number) => ({
      at,
      budgets: [
        budget({ used: 28_232, exhaustionSeconds: 0 }),
        budget({ key: 'b2', used: 28_232, exhaustionSeconds: 0 }),
      ].map((row, i) => (i === 0 ? row : { ...row, destination: { address: '10.0.0.8', port: 80 } })),
      failures: [
        failure({ perSec: 12, lastSeen: NOW + at * 1000 }),
        failure({
          key: 'f2',
          budget: 'b2',
          perSec,
          lastSeen: NOW + at * 1000,
          destination: { address: '10.0.0.8', port: 80 },
        }),
      ],
    });
    const before = [0, 1].map(two(3));
    const later = (perSec: number) => said([...before, ...[2, 3].map(two(perSec))]).budget;
    expect([later(3), later(20), later(48)]).toEqual(['b', 'b', 'b2']);
  });

  it('says so too when nothing has failed yet', () => {
    const lasting = [0, 1, 2].map((at) => ({ at, ...full }));
    expect(said(lasting.slice(0, 2)).level).toBe('ok');
    expect(said(lasting).text).toBe(
      'Out of ports to 10.0.0.9:8080. Nothing has failed lately, but the next connect would.',
    );
  });

  it('tells a bind pool apart', () => {
    const pool = budget({
      key: 'p',
      kind: 'bind-pool',
      used: 28_232,
      exhaustionSeconds: 0,
      source: { address: '10.0.0.1' },
    });
    const failures = [
      failure({ budget: 'p', call: 'bind', errno: 'EADDRINUSE', cause: 'bind-pool-exhausted' }),
    ];
    expect(said([{ at: 0, budgets: [pool], failures }]).text).toMatch(
      /^Out of ports for bind\(\) on 10\.0\.0\.1\. 312 binds\/s fail since .* \(EADDRINUSE\)\.$/,
    );
  });

  it('tells the recovery, with its length and what it cost, for ten minutes', () => {
    const before = { at: 0, ...calm, failures: [failure({ count: 1000, lastSeen: NOW - 3_600_000 })] };
    const out = (at: number, count: number) => ({
      at,
      ...full,
      failures: [failure({ count, lastSeen: NOW + at * 1000 })],
    });
    const past = [failure({ count: 122_340, lastSeen: NOW + 412_000 })];
    const steps = [before, out(1, 1312), out(412, 122_340)];
    expect(said([...steps, { at: 421, ...calm, failures: past }]).level).toBe('critical');
    expect(said([...steps, { at: 423, ...calm, failures: past }])).toMatchObject({
      level: 'recovered',
      text: 'Recovered at 14:09:23 after 6 min 51 s: ports to 10.0.0.9:8080; 121,340 connects failed.',
    });
    expect(
      said([...steps, { at: 423, ...calm, failures: past }, { at: 1100, ...calm, failures: past }]).level,
    ).toBe('ok');
  });

  it('tells of several recoveries the last one, with its namespace, and counts the others', () => {
    const blue = totals({ key: 'n2', netns: 8, netnsId: '8', name: 'blue' });
    const both = (at: number) => ({
      at,
      totals: [totals(), blue],
      budgets: [
        budget(at < 2 ? { used: 28_232, exhaustionSeconds: 0 } : { used: 10 }),
        budget({ key: 'b2', netns: 8, netnsId: '8', used: 28_232, exhaustionSeconds: 0 }),
      ],
      failures: [
        failure({ lastSeen: NOW }),
        failure({
          key: 'f2',
          netns: 8,
          netnsId: '8',
          budget: 'b2',
          lastSeen: NOW + at * 1000,
          count: 3120 + at,
        }),
      ],
    });
    const free = { totals: [totals(), blue], budgets: [budget({ used: 10 })], failures: both(2).failures };
    const row = said([...[0, 1, 2].map(both), { at: 20, ...free }]);
    expect(row.text).toMatch(
      /^Recovered at 14:02:33 after \d+(\.\d+)? s: ports to 10\.0\.0\.9:8080 in blue; .* connects failed\. And 1 more recovered\.$/,
    );
  });

  it('names the budget that it is about until that is gone, whatever is tighter when it ends', () => {
    const busy = (parts: Parameters<typeof budget>[0]) => budget({ key: 'busy', ...parts });
    const other = budget({ key: 'other', used: 9000 });
    const failures = [failure({ budget: 'busy', lastSeen: NOW })];
    const out = { at: 0, budgets: [busy({ used: 28_232, exhaustionSeconds: 0 }), other], failures };
    const over = (at: number) => ({ at, budgets: [busy({ used: 100 }), other], failures });
    const gone = { at: 20, budgets: [other], failures };
    const named = (...steps: Parameters<typeof said>[0][number][]) => {
      const { level, budget } = said([out, ...steps]);
      return [level, budget];
    };
    expect(named(over(4))).toEqual(['critical', 'busy']);
    expect(named(over(4), over(10))).toEqual(['recovered', 'busy']);
    expect(named(over(4), over(10), gone)).toEqual(['recovered', 'other']);
  });

  it('is not alarmed by ports that connect() takes over', () => {
    const reused = budget({ used: 28_000, timeWait: 27_990, reuse: 'after-delay' });
    expect(said([0, 1, 2, 3].map((at) => ({ at, budgets: [reused] }))).level).toBe('ok');
  });
});

describe('what-if', () => {
  /** 600 opens/s, each ended by this side after 2 ms: 36,000 ports wanted. */
  const rows = [
    flow('a', {
      destination: PLACE,
      process: proc(),
      openPerSec: 600,
      closePerSec: 600,
      closed: 5000,
      closedFirst: 5000,
      lifetimeMs: { p50: 2, p99: 9 },
    }),
  ];
  const releasing: [number, number][] = [
    [40, 6000],
    [60, 6000],
  ];
  const now = budget({ used: 12_001, timeWait: 12_000, openPerSec: 600, releasing });
  const then = (changes: object, settings = {}) =>
    project(now, rows, totals(settings), { ...UNCHANGED, ...changes });

  it('agrees with the forecast when nothing changes', () => {
    const answer = then({});
    expect(answer).toMatchObject({ limit: 28_232, settlesAt: 36_001 });
    expect(answer?.exhaustionSeconds).toBeGreaterThan(25);
    expect(answer?.exhaustionSeconds).toBeLessThan(50);
  });

  it.each([
    [{ range: [1024, 65_535] }, { limit: 64_512, exhaustionSeconds: null }],
    [{ twReuse: 1 }, { limit: 28_232, reuse: 'after-delay', settlesAt: 601, exhaustionSeconds: null }],
    [{ sources: 2 }, { limit: 56_464, limitEach: 28_232, settlesAt: 18_001, exhaustionSeconds: null }],
    [{ destinations: 3 }, { limit: 84_696, exhaustionSeconds: null }],
    [{ reused: 0.8 }, { openPerSec: 120, settlesAt: 7201, exhaustionSeconds: null }],
  ])('%j: %j', (changes, answer) => {
    expect(then(changes)).toMatchObject(answer);
  });

  it('knows that tcp_tw_reuse does nothing without timestamps', () => {
    expect(then({ twReuse: 1 }, { tcpTimestamps: 0 })).toMatchObject({
      reuse: 'never',
      exhaustionSeconds: expect.any(Number),
    });
  });

  it('shrinks too: a narrower range may be full already', () => {
    expect(then({ range: [40_000, 44_999] })).toMatchObject({ limit: 5000, exhaustionSeconds: 0 });
  });
});
