/** The tiers of the test runner, their times, and when CI runs all of them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashOf, INPUTS, reasonToRun } from '../../../scripts/lib/passed.js';
import { ROOT } from '../../../scripts/lib/run.js';
import { phasesOf, TIERS } from '../../../scripts/lib/tiers.js';
import { busySeconds, exceeded, ownSeconds, pressureOf, TOTAL_BUDGET } from '../../../scripts/lib/times.js';
import { testScope } from '../../support/scope.js';

const budgetOf = (name: string) => TIERS.find((tier) => tier.name === name)?.budget ?? 0;

describe('the budgets of the tiers', () => {
  it('of npm test are no more than its own together', () => {
    const usual = TIERS.filter(({ inAll, apart, beside }) => !inAll && !apart && !beside);
    expect(usual.reduce((sum, { budget }) => sum + budget, 0)).toBeLessThanOrEqual(TOTAL_BUDGET);
  });

  it('are exceeded by a slow tier, and by many that are each within their own', () => {
    expect(exceeded([{ tier: 'lint', seconds: budgetOf('lint') + 1 }], 1)).toHaveLength(1);
    const within = TIERS.map(({ name, budget }) => ({ tier: name, seconds: budget }));
    expect(exceeded(within, TOTAL_BUDGET)).toEqual([]);
    expect(exceeded(within, TOTAL_BUDGET + 1)).toHaveLength(1);
  });
});

describe('a tier that needs nothing but processor time', () => {
  it('runs beside the one that waits, when that runs too', () => {
    expect(phasesOf(['lint', 'unit', 'native', 'kernel', 'e2e', 'screens'])).toEqual([
      { tier: 'native', beside: [] },
      { tier: 'unit', beside: [] },
      { tier: 'kernel', beside: ['screens', 'lint'] },
      { tier: 'e2e', beside: [] },
    ]);
    expect(phasesOf(['unit', 'native'])).toEqual([
      { tier: 'native', beside: [] },
      { tier: 'unit', beside: [] },
    ]);
  });

  it('has that tier’s whole time', () => {
    for (const { beside, budget } of TIERS) if (beside) expect(budget).toBeLessThanOrEqual(budgetOf(beside));
  });
});

describe('the machine', () => {
  it('is read from the texts of /proc', () => {
    expect(pressureOf('some avg10=9.00 avg60=3.25 avg300=1.00 total=5\nfull avg10=0.00')).toBe(3.25);
    expect(pressureOf('')).toBeNull();
    expect(busySeconds('cpu  100 50 200 9999 77 10 20 5 0 0\ncpu0 1 1 1')).toBeCloseTo(3.85);
    const self = `1 (a ) b) S ${Array.from({ length: 40 }, (_, i) => i + 4).join(' ')}`;
    expect(ownSeconds(self)).toBeCloseTo((14 + 15 + 16 + 17) / 100);
  });
});

describe('CI', () => {
  const date = '2026-01-10T00:00:00.000Z';
  const passed = { hash: 'same', date };
  const later = (days: number) => Date.parse(date) + days * 86_400_000;

  it.each([
    ['never passed', undefined, 'same', later(1), /never/],
    ['passed on other sources', passed, 'other', later(1), /changed/],
    ['passed too long ago', passed, 'same', later(15), /14 days/],
    ['passed at a time that cannot be read', { hash: 'same', date: 'soon' }, 'same', later(1), /14 days/],
  ])('runs an additional tier when it %s', (_, known, hash, now, reason) => {
    expect(reasonToRun(known, hash, now)).toMatch(reason);
  });

  it('leaves a tier out that has passed on the same sources lately', () => {
    expect(reasonToRun(passed, 'same', later(13))).toBeNull();
  });

  it('knows sources by path and content', () => {
    const root = testScope().directory();
    mkdirSync(join(root, 'a'));
    const hash = (name: string, text: string) => {
      writeFileSync(join(root, 'a', name), text);
      return hashOf(root, ['a']);
    };
    const first = hash('one', 'x');
    expect(hash('one', 'x')).toBe(first);
    const changed = hash('one', 'y');
    expect(changed).not.toBe(first);
    expect(hash('two', 'y')).not.toBe(changed);
  });

  it('knows for each additional tier what it depends on, by paths that exist', () => {
    expect(Object.keys(INPUTS)).toEqual(TIERS.filter(({ inAll }) => inAll).map(({ name }) => name));
    for (const paths of Object.values(INPUTS)) expect(hashOf(ROOT, paths)).toMatch(/^[0-9a-f]{64}$/);
  });
});
