/** What a second of the diagnosis costs, in work and not in time: no rule looks at a row for each other row, and no turn has all of it. */
import { describe, expect, it } from 'vitest';
import { fullestBudgets } from '../../../src/diagnose/churn-severity.js';
import { Diagnosis, type Pace } from '../../../src/diagnose/diagnosis.js';
import { RULES } from '../../../src/diagnose/rules/index.js';
import type { Tables } from '../../../src/diagnose/types.js';
import * as rows from '../publish/rows.js';
import { actor, budget, FACTS, failure, NOW, tables, totals } from './world.js';

const place = (i: number) => ({ address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, port: 80 });
const OUT = { limit: 200, used: 200, timeWait: 199, exhaustionSeconds: 0 };

let reads = 0;
/** The same row, which counts how often somebody reads a field of it. */
const counted = <Row extends object>(row: Row): Row =>
  new Proxy(row, {
    get: (target, field) => {
      reads += 1;
      return Reflect.get(target, field);
    },
  });
const many = <Row extends object>(size: number, rowOf: (i: number) => Row) =>
  Array.from({ length: size }, (_, i) => counted(rowOf(i)));

/** Servers and clients of as many places, and all budgets out, and as many places that refuse. */
function crowd(size: number): Tables {
  const budgets = many(size, (i) => budget({ key: `b${i}`, destination: place(i), ...OUT }));
  const actors = many(2 * size, (i) =>
    actor({ key: `a${i}`, direction: i % 2 ? 'in' : 'out', destination: place(i >> 1), timeWait: 600 }),
  );
  const failures = many(2 * size, (i) =>
    i % 2
      ? failure({ key: `f${i}`, cause: 'refused', budget: null, perSec: 5, destination: place(i) })
      : failure({ key: `f${i}`, budget: `b${i >> 1}`, destination: place(i >> 1) }),
  );
  const narrow = totals({ portRange: [30_000, 31_999], tcpTwReuse: 2, tcpMaxTwBuckets: 16 });
  return tables({ actors, budgets, failures, totals: [narrow], fullest: fullestBudgets(budgets) });
}

function readsOf(rule: string, size: number): number {
  const given = crowd(size);
  reads = 0;
  RULES[rule]?.(given, { ...FACTS, overflowPerSec: new Map([['1', 5]]) });
  return reads;
}

describe('a rule', () => {
  it.each(Object.keys(RULES))('looks at twice as many rows with twice the work: %s', (rule) => {
    const [half, whole] = [readsOf(rule, 500), readsOf(rule, 1000)];
    expect(whole).toBeGreaterThan(0);
    expect(whole).toBeLessThan(2.5 * half);
  });
});

describe('a second', () => {
  const START = NOW;
  /** @param size of each table; all rows change each second */
  function watched(size: number, pace: Pace | null) {
    let now = START;
    const table = <Row extends object>(rowOf: (i: number) => Row, count = size) => ({
      collect: () => ({ set: many(count, rowOf), del: [] }),
    });
    const sources = {
      totals: table(() => rows.totals('1'), 1),
      flows: table((i) => rows.flow(`f${i}`, { destination: place(i), opened: i, timeWait: 600 })),
      budgets: table((i) => rows.budget(`b${i}`, { destination: place(i), ...OUT })),
      failures: table((i) =>
        rows.failure(`x${i}`, {
          cause: 'refused',
          destination: place(i),
          count: 5 * ((now - START) / 1000),
          perSec: 5,
          firstSeen: START,
          lastSeen: now,
        }),
      ),
    };
    const diagnosis = new Diagnosis(sources, {
      standing: () => new Map(),
      runtimeOf: () => null,
      portsOf: () => null,
      holdersOf: () => null,
      failed: (error) => {
        throw error;
      },
      ...(pace === null ? {} : { pace }),
    });
    const tick = () => {
      now += 1000;
      diagnosis.tick(now);
    };
    return { diagnosis, tick, at: () => now };
  }
  const incidentsOf = ({ diagnosis, at }: ReturnType<typeof watched>) =>
    diagnosis.tables.incidents?.collect(at()).set ?? [];

  it('is thought through in many turns, of which none has more than a quarter of the work', () => {
    const waiting: (() => void)[] = [];
    const one = watched(400, { begin: () => ({ over: () => true }), later: (go) => waiting.push(go) });
    let turns: number[] = [];
    for (let second = 0; second < 6; second++) {
      turns = [];
      reads = 0;
      one.tick();
      for (let go = waiting.shift(); go !== undefined; go = waiting.shift()) {
        turns.push(reads);
        reads = 0;
        go();
      }
    }
    expect(turns.length).toBeGreaterThan(40);
    const all = turns.reduce((sum, one) => sum + one, 0);
    expect(Math.max(...turns)).toBeLessThan(all / 4);
    const whole = watched(400, null);
    for (let second = 0; second < 6; second++) whole.tick();
    const found = incidentsOf(whole);
    expect(found.length).toBeGreaterThan(100);
    expect(incidentsOf(one)).toEqual(found);
  });

  it('that is not thought through yet delays the next one, and nothing is lost', () => {
    const waiting: (() => void)[] = [];
    const one = watched(10, { begin: () => ({ over: () => true }), later: (go) => waiting.push(go) });
    one.tick();
    one.tick();
    expect(waiting).toHaveLength(1);
    for (let second = 0; second < 6; second++) {
      for (let go = waiting.shift(); go !== undefined; go = waiting.shift()) go();
      one.tick();
    }
    expect(incidentsOf(one).length).toBeGreaterThan(0);
  });
});
