import { describe, expect, it } from 'vitest';
import { exhaustionSeconds } from '../../../src/forecast/exhaustion.js';
import { forecastLimit, portLimit } from '../../../src/forecast/port-range.js';
import { parseSysctls, type SysctlTexts } from '../../../src/system/parse/sysctl.js';
import { random } from '../../support/random.js';
import { type Process, World } from './world.js';

/** From above 0 to below 1. */
type Chance = () => number;
function chance(seed: number): Chance {
  const next = random(seed);
  return () => (next(1e9) + 0.5) / 1e9;
}
const exponential = (mean: number, draw: Chance) => -Math.log(draw()) * mean;

/** Clockwork opens, near-instant connections that the client closes; 28,232 ports. */
function process(perSecond: number, parts: Partial<Process> = {}): Process {
  return {
    limit: 28_232,
    gap: () => 1 / perSecond,
    lifetime: () => 0.002,
    waits: () => true,
    waitSeconds: 60,
    phase: 1000.37,
    ...parts,
  };
}

interface Judged {
  left: number;
  predicted: number | null;
}

/** What was predicted when so much of the budget was held, and what came. */
function judge(process: Process, fills: readonly number[], limit = process.limit): Judged[] {
  const world = new World(process);
  const asked = fills.map((fill) => {
    world.run(Number.MAX_VALUE, ({ held }) => held >= fill * process.limit);
    return { at: world.now, predicted: exhaustionSeconds({ ...world.input(), limit }) };
  });
  world.run(Number.MAX_VALUE);
  return asked.map(({ at, predicted }) => ({ left: (world.failedAt as number) - at, predicted }));
}

const FILLS = [0.25, 0.5, 0.75];

/** The promise: wrong by at most 10 % of the time that is left, or 2 s. */
function expectGood(judged: readonly Judged[], what: unknown): void {
  for (const { left, predicted } of judged) {
    const said = `${JSON.stringify(what)}: ${predicted} for ${left}`;
    expect(predicted, said).not.toBeNull();
    expect(Math.abs((predicted as number) - left), said).toBeLessThanOrEqual(Math.max(2, left / 10));
  }
}

describe('of a constant rate the forecast is right', () => {
  it.each([0.002, 0.3, 1, 5, 20])('when connections live for %f s each', (lifetime) => {
    const draw = chance(lifetime * 1000);
    for (let round = 0; round < 12; round++) {
      const limit = Math.round(100 * 282 ** draw());
      const load = 1.1 * 9 ** draw();
      const perSecond = Math.min(3000, (load * limit) / (lifetime + 60));
      const what = { limit, load, lifetime, phase: 500 + draw() };
      expectGood(judge(process(perSecond, { ...what, lifetime: () => lifetime }), FILLS), what);
    }
  });

  it.each([0.3, 5, 20])('when connections live for %f s on average, some long, most short', (mean) => {
    const draw = chance(mean * 777);
    for (let round = 0; round < 12; round++) {
      const limit = Math.round(1000 * 28 ** draw());
      const load = 1.15 * 9 ** draw();
      const perSecond = Math.min(3000, (load * limit) / (mean + 60));
      const lifetime = () => exponential(mean, draw);
      expectGood(judge(process(perSecond, { limit, lifetime }), FILLS), { limit, load, mean });
    }
  });

  it.each([
    ['an odd range', '40000\t40100', '\n', 0],
    ['a small odd range', '40000\t40098', '\n', 0],
    ['an even range', '40000\t40099', '\n', 0],
    ['reserved ports', '40000\t40499', '40000-40150,40300\n', 0],
    ['reserved ends of an odd range', '40000\t40300', '40000,40300\n', 0],
    ['blocked ports', '40000\t41000', '40000\n', 333],
  ])('in %s', (_, range, reserved, blocked) => {
    const texts = { ip_local_port_range: range, ip_local_reserved_ports: reserved } as SysctlTexts;
    const facts = parseSysctls(texts);
    const limit = (portLimit(facts) as number) - blocked;
    const ahead = forecastLimit(facts, blocked) as number;
    for (const perSecond of [limit / 45, limit / 20, limit / 5]) {
      for (const really of [limit, ahead]) {
        expectGood(judge(process(perSecond, { limit: really }), FILLS, ahead), { really, ahead, perSecond });
      }
    }
  });

  it('when only every second close leaves an entry here', () => {
    let closes = 0;
    const waits = () => closes++ % 2 === 0;
    expectGood(judge(process(1200, { waits }), FILLS), 'half');
    expectGood(judge(process(40, { waits, limit: 1000, lifetime: () => 0.5 }), FILLS), 'half, small');
  });

  it('when an entry holds its port for a second only', () => {
    const waitSeconds = 1;
    const live = { limit: 5000, lifetime: () => 30, waitSeconds };
    expectGood(judge(process(200, live), FILLS), 'long connections');
    const quick = process(3000, { waitSeconds });
    const world = new World(quick);
    world.run(1030);
    expect(exhaustionSeconds(world.input())).toBeNull();
  });

  it.each([
    [250, 600],
    [300, 900],
    [350, 560],
  ])('when it rose from %d, which did no harm, to %d a second', (before, after) => {
    const gap = (now: number) => 1 / (now < 1100 ? before : after);
    const world = new World(process(before, { gap }));
    world.run(1100);
    expect(exhaustionSeconds(world.input())).toBeNull();
    const asked = [1106, 1108, 1112].map((at) => {
      world.run(at);
      return { at, predicted: exhaustionSeconds(world.input()) };
    });
    world.run(Number.MAX_VALUE);
    const judged = asked.map(({ at, predicted }) => ({ left: (world.failedAt as number) - at, predicted }));
    expectGood(judged, { before, after });
  });

  it('when a part of the connections leaks', () => {
    let opened = 0;
    const lifetime = () => (opened++ % 5 === 0 ? Number.POSITIVE_INFINITY : 0.01);
    expectGood(judge(process(40, { limit: 2000, lifetime, waits: () => false }), FILLS), 'leak');
  });
});

it('of random arrivals the forecast is right', () => {
  for (let round = 0; round < 6; round++) {
    const draw = chance(round + 1);
    const perSecond = 560 + 700 * draw();
    const gap = () => exponential(1 / perSecond, draw);
    const lifetime = () => exponential(round % 2 === 0 ? 0.01 : 2, draw);
    expectGood(judge(process(perSecond, { gap, lifetime }), FILLS), { round, perSecond });
  }
});

/** So many within a fifth of a second, each ten seconds. */
const batches = (count: number) => (now: number) => {
  const within = now % 10;
  return within < 0.2 ? 0.2 / count : 10 - within;
};

describe('of a batch each ten seconds', () => {
  it('the end is forecast to two batches', () => {
    const world = new World(process(0, { limit: 2000, gap: batches(400), phase: 1005 }));
    const asked: { at: number; predicted: number | null }[] = [];
    for (let at = 1023; at < 1050; at++) {
      world.run(at);
      asked.push({ at, predicted: exhaustionSeconds(world.input(asked.length > 0)) });
    }
    world.run(Number.MAX_VALUE);
    for (const { at, predicted } of asked) {
      expect(predicted, `at ${at}`).not.toBeNull();
      const left = (world.failedAt as number) - at;
      expect(Math.abs((predicted as number) - left)).toBeLessThanOrEqual(20);
    }
  });

  it('no end is forecast when the ports suffice, but while a batch comes', () => {
    const answers = follow(process(0, { limit: 2400, gap: batches(250), phase: 1005 }), 1013, 1150);
    const within = answers.filter((answer, i) => answer !== null && (1013 + i) % 10 > 2);
    expect(within).toEqual([]);
  });
});

it('two seconds after a stream has ended no end is forecast, whatever it holds', () => {
  const draw = chance(11);
  const until = (gap: () => number) => (now: number) => (now < 1020 ? gap() : Number.MAX_VALUE);
  for (const gap of [() => 1 / 90, () => exponential(1 / 90, draw)]) {
    const world = new World(process(0, { limit: 2000, gap: until(gap) }));
    world.run(1019);
    expect(exhaustionSeconds(world.input())).toBeLessThan(10);
    for (const at of [1022.4, 1023.4, 1030.4, 1045.4]) {
      world.run(at);
      expect(exhaustionSeconds(world.input(true)), `at ${at}`).toBeNull();
    }
  }
});

/** The answers of every second, each knowing the one before. */
function follow(process: Process, from: number, to: number): (number | null)[] {
  const world = new World(process);
  const answers: (number | null)[] = [];
  let last: number | null = null;
  for (let second = from; second <= to; second++) {
    world.run(second);
    last = exhaustionSeconds(world.input(last !== null));
    answers.push(last);
  }
  expect(world.failedAt).toBeNull();
  return answers;
}

const changes = (answers: readonly (number | null)[]) =>
  answers.filter((answer, index) => index > 0 && (answer === null) !== (answers[index - 1] === null)).length;

describe('exhaustion that never comes', () => {
  it.each([0.5, 0.9, 0.95])('is never announced at %f of the critical rate', (load) => {
    const draw = chance(load * 100);
    const random = () => exponential(60 / (28_232 * load), draw);
    expect(follow(process((load * 28_232) / 60), 1003, 1150).every((answer) => answer === null)).toBe(true);
    expect(follow(process(0, { gap: random }), 1003, 1150).every((answer) => answer === null)).toBe(true);
  });

  it('is not announced once long connections have been seen to close', () => {
    const answers = follow(process((0.95 * 28_232) / 65, { lifetime: () => 5 }), 1008, 1150);
    expect(answers.every((answer) => answer === null)).toBe(true);
  });

  it('is not announced of an idle pool beside it', () => {
    let opened = 0;
    const lifetime = () => (opened++ < 800 ? Number.POSITIVE_INFINITY : 0.002);
    expect(
      follow(process(20, { limit: 2400, lifetime }), 1070, 1300).every((answer) => answer === null),
    ).toBe(true);
  });

  it.each([0.97, 0.98])('does not flicker at %f of the critical rate, however noisy', (load) => {
    const draw = chance(load * 1000);
    const random = () => exponential(60 / (28_232 * load), draw);
    expect(changes(follow(process(0, { gap: random }), 1003, 1200))).toBeLessThanOrEqual(2);
    for (const limit of [101, 1000]) {
      expect(changes(follow(process((load * limit) / 60, { limit }), 1003, 1200))).toBeLessThanOrEqual(2);
    }
  });
});
