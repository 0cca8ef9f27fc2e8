import { describe, expect, it } from 'vitest';
import { isBlockedByUnknown, isMostlyBlocked, takersOf } from '../../../src/forecast/takers.js';
import { budget, proc } from '../publish/rows.js';

const binder = proc({ pid: 8, comm: 'binder' });
const plain = proc({ pid: 9, comm: 'plain' });
const row = (blockers: { process: typeof binder; ports: number }[] | null, used = 33) =>
  budget('b', {
    limit: 2000,
    used,
    blocked: 2000,
    free: 0,
    holders: [{ process: plain, ports: used }],
    blockers,
  });

describe('who has taken the ports of a budget', () => {
  it('is who blocks them by bind(), before who holds a few', () => {
    expect(takersOf(row([{ process: binder, ports: 2000 }]))).toEqual([
      { process: binder, ports: 2000, blocked: 2000 },
      { process: plain, ports: 33, blocked: 0 },
    ]);
  });

  it('is one who does both, with the sum', () => {
    expect(takersOf(row([{ process: plain, ports: 2000 }]))).toEqual([
      { process: plain, ports: 2033, blocked: 2000 },
    ]);
  });

  it('is nobody where it is not known who has bound most', () => {
    expect(isBlockedByUnknown(row(null))).toBe(true);
    expect(isBlockedByUnknown(row([{ process: binder, ports: 400 }]))).toBe(true);
    expect(isBlockedByUnknown(row([{ process: binder, ports: 1500 }]))).toBe(false);
    expect([isMostlyBlocked(row(null)), isMostlyBlocked(row(null, 2500))]).toEqual([true, false]);
  });
});
