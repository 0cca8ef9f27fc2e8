/** What a second of incidents may cost: what is read and looked at is bounded, whatever a local user makes. */
import { describe, expect, it } from 'vitest';
import { Ledger } from '../../../../src/diagnose/incidents/counts/ledger.js';
import { observe } from '../../../../src/diagnose/incidents/subjects.js';
import { RULES } from '../../../../src/diagnose/rules/index.js';
import { worthy } from '../../../../src/diagnose/worthy.js';
import type { FailureRow } from '../../../../src/protocol/rows.js';
import { budget, FACTS, failure, NOW, tables } from '../world.js';

const OUT = { limit: 200, used: 200, exhaustionSeconds: 0 };
const place = (i: number) => ({ address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, port: 80 });

const refused = (i: number, parts: Partial<FailureRow> = {}) =>
  failure({ key: `r${i}`, cause: 'refused', budget: null, destination: place(i), count: 100, ...parts });

describe('of more failure rows than are read', () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => refused(i, { perSec: (i * 7919) % 20_000 }));
  const wanting = [3, 10_000, 19_999];
  for (const i of wanting) rows[i] = failure({ key: `p${i}`, perSec: 0.1 });

  it('those for want of ports are read, and then the fastest', () => {
    const read = worthy(rows, 5000);
    expect(read).toHaveLength(5000);
    for (const i of wanting) expect(read).toContain(rows[i]);
    const slowest = Math.min(
      ...read.filter(({ cause }) => cause === 'refused').map(({ perSec }) => perSec ?? 0),
    );
    const left = rows.filter((row) => !read.includes(row)).map(({ perSec }) => perSec ?? 0);
    /* In steps of a tenth of a power of two. */
    expect(Math.max(...left)).toBeLessThan(slowest * 2 ** 0.2);
  });

  it('all are read when there are no more than that', () => {
    expect(worthy(rows, rows.length)).toBe(rows);
  });

  it.each([0, 1, 5000, 19_999])('exactly %i are read, also when all are alike', (most) => {
    expect(
      worthy(
        rows.map((row) => ({ ...row, perSec: 1 })),
        most,
      ),
    ).toHaveLength(most);
  });
});

describe('subjects that are looked at', () => {
  const budgets = Array.from({ length: 5000 }, (_, i) =>
    budget({ key: `b${i}`, destination: place(i), ...OUT }),
  );
  const byKey = new Map(budgets.map((row) => [row.key, row]));

  it('are a thousand of five thousand budgets that are out, and those that were before', () => {
    const now = tables({ budgets });
    const last = budgets.at(-1)?.destination.address as string;
    const isWatched = (id: string) => id.includes(`:${last}:`);
    const found = observe(now, FACTS, byKey, new Ledger(), isWatched);
    expect(found.size).toBe(1001);
    expect([...found.keys()].filter(isWatched)).toHaveLength(1);
  });

  it('are a thousand of twenty thousand places that refuse, ports before all others', () => {
    const failures = Array.from({ length: 20_000 }, (_, i) => refused(i, { perSec: 5, lastSeen: NOW }));
    failures.push(failure({ key: 'p', budget: null, cause: 'ports-exhausted', perSec: 0.1 }));
    const found = observe(tables({ failures }), FACTS, new Map(), new Ledger());
    expect(found.size).toBe(1000);
    expect([...found.values()].filter(({ subject }) => subject.kind === 'ports')).toHaveLength(1);
  });

  it('keep every row of their own, also when there is no room for another subject', () => {
    const failures = Array.from({ length: 1000 }, (_, i) => refused(i)).flatMap((row) => [
      row,
      { ...row, key: `${row.key}b` },
    ]);
    const found = observe(tables({ failures: [...failures, refused(5000)] }), FACTS, new Map(), new Ledger());
    expect(found.size).toBe(1000);
    expect([...found.values()].every(({ rows, failed }) => rows.length === 2 && failed === 200)).toBe(true);
  });
});

it('no rule tells of more than a hundred things, however many budgets are out and places refuse', () => {
  const budgets = Array.from({ length: 500 }, (_, i) =>
    budget({ key: `b${i}`, destination: place(i), ...OUT }),
  );
  const failures = Array.from({ length: 500 }, (_, i) => refused(i, { perSec: i }));
  failures.push(failure({ key: 'p', budget: 'b499' }));
  const reported = Object.values(RULES).map((rule) => rule(tables({ budgets, failures }), FACTS));
  expect(Math.max(...reported.map(({ length }) => length))).toBe(100);
  expect(reported.flat().map(({ key }) => key)).toContain('port-exhaustion b499');
});
