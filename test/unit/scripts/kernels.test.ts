/**
 * The kernel matrix: its lines, and README's table, which may not claim what no run has shown.
 */
import { describe, expect, it } from 'vitest';
import { failure } from '../../../scripts/lib/count.js';
import { differences, lineOf, type Row, rewrite } from '../../../scripts/lib/kernels/table.js';

const row = (kernel: string, more: Partial<Row> = {}): Row => ({
  kernel,
  count: { passed: 7, failed: 0, failures: [] },
  verdict: 'ehash',
  hooks: ['a', 'iter/b'],
  lacks: [],
  ...more,
});
const README = 'before\n<!-- npm run test:kernels -- --write -->\nold\n<!-- end of the table -->\nafter\n';
const ROWS = [row('6.18.1'), row('6.1.0-56-cloud-amd64'), row('6.12.117+deb12-cloud-amd64')];
const WRITTEN = rewrite(README, ROWS);

it('a kernel’s line says the sum, the verdict and the hooks', () => {
  expect(lineOf(row('6.1.0-56'))).toBe('6.1.0-56: 7 passed, 0 failed, verdict ehash, hooks a iter/b');
  expect(lineOf(row('6.1', { verdict: null, hooks: [], count: failure('no boot') }))).toBe(
    '6.1: 0 passed, 1 failed, verdict –, hooks –',
  );
});

it('a run replaces the table and nothing else', () => {
  expect(WRITTEN).toMatch(/^before\n<!--/);
  expect(WRITTEN).toMatch(/-->\nafter\n$/);
  expect(WRITTEN).not.toContain('old');
  expect(rewrite(WRITTEN, ROWS)).toBe(WRITTEN);
});

describe('the table is wrong', () => {
  const others = [row('6.18.2'), row('6.1.0-99-cloud-amd64'), row('6.12.118+deb12-cloud-amd64')];

  it('not when patch levels and counts differ, nor when the machine runs a kernel of no listed series', () => {
    expect(differences(WRITTEN, others)).toEqual([]);
    expect(differences(WRITTEN, [row('5.15.0'), ...others.slice(1)])).toEqual([]);
  });

  it('a kernel for real time is another one than its series', () => {
    const rt = row('6.1.0-56-rt-amd64', { lacks: ['it'] });
    expect(differences(WRITTEN, [...others, rt])).toEqual(['nothing about 6.1-rt']);
    expect(differences(rewrite(README, [...ROWS, rt]), [...others, rt])).toEqual([]);
  });

  it.each([
    ['a stock kernel is not in it', README, others, ['nothing about 6.1', 'nothing about 6.12']],
    ['a verdict differs', WRITTEN, [others[0], row('6.1.0', { verdict: 'portable' })], [/^of 6\.1 /]],
    ['something is lacking', WRITTEN, [others[0], row('6.1.0', { lacks: ['it'] })], [/^of 6\.1 /]],
    ['hooks differ', WRITTEN, [others[0], row('6.12.1', { hooks: ['a'] })], [/^of 6\.12 /]],
    ['the machine’s own kernel differs', WRITTEN, [row('6.18.9', { hooks: [] })], [/^of 6\.18 /]],
  ])('when %s', (_, readme, rows, wrong) => {
    expect(differences(readme, rows as Row[])).toEqual(
      wrong.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))),
    );
  });
});
