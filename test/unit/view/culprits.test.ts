import { describe, expect, it } from 'vitest';
import type { BudgetRow, FlowRow } from '../../../src/protocol/rows.js';
import { Budgets, byBlame, urgencyOf, weightOf } from '../../../src/view/culprits.js';
import { budget, flow } from '../publish/rows.js';

const at = (address: string, port = 80) => ({ address, port, name: null, service: null, peer: null });
const DATABASE = at('10.77.0.9', 5432);
const LOOPBACK = at('127.0.0.5', 9000);

/** Out of its 2,000 ports. */
const exhausted = budget('out', {
  destination: DATABASE,
  limit: 2_000,
  used: 2_000,
  free: 0,
  reuse: 'never',
  exhaustionSeconds: 0,
});
/** Half of a large range, which connect() takes over again: nobody is harmed. */
const harmless = budget('reused', {
  destination: LOOPBACK,
  limit: 28_232,
  used: 14_272,
  free: 13_960,
  timeWait: 14_272,
  reuse: 'after-delay',
  exhaustionSeconds: null,
});
const known = new Budgets([exhausted, harmless]);
const keys = (rows: FlowRow[], budgets = known) => rows.toSorted(byBlame(budgets)).map(({ key }) => key);

const culprit = flow('culprit', { destination: DATABASE, portsHeld: 1_900, failPerSec: 40 });
const victim = flow('victim', { destination: DATABASE, portsHeld: 60, failPerSec: 2 });
const busy = flow('busy', { destination: LOOPBACK, portsHeld: 14_272, failPerSec: 0, openPerSec: 900 });

describe('the order of culprits', () => {
  it('puts who holds a budget that is out before thousands of harmless ports', () => {
    expect(keys([busy, victim, culprit])).toEqual(['culprit', 'victim', 'busy']);
  });

  it('goes by failures where no budget is in danger, then by ports', () => {
    const refused = flow('refused', { destination: at('10.0.0.1'), portsHeld: 0, failPerSec: 30 });
    const many = flow('many', { destination: at('10.0.0.2'), portsHeld: 500, failPerSec: 0 });
    const few = flow('few', { destination: at('10.0.0.3'), portsHeld: 5, failPerSec: 0 });
    expect(keys([few, many, refused], new Budgets([]))).toEqual(['refused', 'many', 'few']);
  });

  it('puts what is unknown last', () => {
    const unknown = flow('unknown', { destination: DATABASE, portsHeld: null, failPerSec: null });
    expect(keys([unknown, busy], new Budgets([]))).toEqual(['busy', 'unknown']);
  });

  it('does not turn by a rate that wavers a little', () => {
    const [a, b] = [41, 40].map((failPerSec) =>
      flow(`f${failPerSec}`, {
        destination: DATABASE,
        portsHeld: 1_000,
        failPerSec,
        openPerSec: 1,
        opened: 1,
      }),
    ) as [FlowRow, FlowRow];
    const order = byBlame(known);
    expect([order(a, b), order({ ...a, failPerSec: 39 }, b)].map(Math.sign)).toEqual([1, 1]);
  });
});

describe('a budget', () => {
  it('is that of the same namespace and destination, the tightest of several sources', () => {
    const other = budget('other', { ...exhausted, key: 'other', netnsId: 'elsewhere' } as Partial<BudgetRow>);
    const roomy = budget('roomy', { destination: DATABASE, limit: 28_232, used: 5, exhaustionSeconds: null });
    const budgets = new Budgets([other, roomy, exhausted]);
    expect(budgets.of(culprit)?.key).toBe('out');
    expect(budgets.of({ ...culprit, netnsId: 'elsewhere' })?.key).toBe('other');
    expect(budgets.of({ ...culprit, direction: 'in' })).toBeUndefined();
  });

  it('is never that of bind(), whose ports are another thing', () => {
    expect(new Budgets([{ ...exhausted, kind: 'bind-pool' }]).of(culprit)).toBeUndefined();
  });

  it('is the more urgent the sooner it is out', () => {
    const soon = (exhaustionSeconds: number) => urgencyOf(budget('b', { exhaustionSeconds, free: 100 }));
    expect([urgencyOf(exhausted), soon(10) > soon(300), soon(9_000)]).toEqual([2, true, 1]);
    expect(urgencyOf(harmless)).toBe(0);
  });

  it('gives a share of all at most, and none where it is not known', () => {
    expect(known.shareOf({ ...culprit, portsHeld: 2_043 })).toBe(1);
    expect(known.shareOf({ ...culprit, destination: at('10.9.9.9') })).toBeNull();
    expect(known.shareOf({ ...culprit, portsHeld: null })).toBeNull();
    expect(weightOf(busy, known)).toBe(0);
  });

  it.each([
    ['the range was narrowed', [budget('narrowed', { destination: DATABASE, limit: 200, used: 900 })]],
    [
      'there are several source addresses',
      [
        budget('a', { destination: DATABASE, limit: 450, used: 450 }),
        budget('b', { destination: DATABASE, limit: 450, used: 450 }),
      ],
    ],
  ])('gives shares that are no more than all together where %s', (_, rows) => {
    const budgets = new Budgets(rows);
    const shares = [600, 300].map((portsHeld) => budgets.shareOf({ ...culprit, portsHeld }));
    expect(shares).toEqual([600 / 900, 300 / 900]);
  });
});
