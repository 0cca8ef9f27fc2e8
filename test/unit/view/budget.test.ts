import { describe, expect, it } from 'vitest';
import { barParts, filledCells, heldByText, holderTexts, outlookWords } from '../../../src/view/budget.js';
import { budget, proc } from '../publish/rows.js';

const says = (parts: Parameters<typeof budget>[1]) => {
  const { alone, headed } = outlookWords(budget('b', parts));
  return [alone, headed];
};

describe('what comes next', () => {
  it('is a countdown where ports run out', () => {
    expect(says({ exhaustionSeconds: 130 })).toEqual(['runs out in 2 min 10 s', 'in 2 min 10 s']);
  });

  it('is when the first ports come back where none is left, as far as it is known', () => {
    const out = { exhaustionSeconds: 0, free: 0 };
    expect(says({ ...out, releasing: [[10, 5]] })).toEqual(['out, back from 10 s on', 'out of ports']);
    expect(says({ ...out, releasing: [] })).toEqual(['out of ports', 'out of ports']);
  });

  it('says why more ports are held than there are: the range was narrowed', () => {
    const out = { exhaustionSeconds: 0, free: 0, limit: 100, releasing: [] };
    expect(says({ ...out, used: 100 })[0]).toBe('out of ports');
    expect(says({ ...out, used: 160 })[0]).toBe('out of ports, 60 or more of them outside the range');
    expect(outlookWords(budget('b', { ...out, used: 160 })).detail).toContain('60 or more of them outside');
  });

  it('is no end where the kernel takes TIME_WAIT ports over, or more ports come back than are taken', () => {
    expect(says({ exhaustionSeconds: null, reuse: 'after-delay' })).toEqual([
      'no end: TIME_WAIT is reused',
      'no, reused',
    ]);
    expect(says({ exhaustionSeconds: null, releasing: [[10, 5]] })).toEqual([
      'ports come back from 10 s on',
      'no',
    ]);
    expect(says({ exhaustionSeconds: null, releasing: [] })).toEqual(['does not fill', 'no']);
  });
});

describe('holders', () => {
  it('are named with pid and ports, the largest first, unknown ones too', () => {
    const holders = [
      { process: proc({ pid: 7, comm: 'worker' }), ports: 1200 },
      { process: proc({ pid: null, comm: null, exe: null }), ports: 3 },
    ];
    expect(holderTexts({ holders })).toEqual(['worker 7 (1,200)', 'unknown owner (3)']);
    expect(holderTexts({ holders }, () => 'x')).toEqual(['x 7 (1,200)', 'x (3)']);
    expect(holderTexts({ holders: [] })).toEqual([]);
  });
});

describe('who has taken the ports, in a few words', () => {
  const one = (pid: number, ports: number) => ({ process: proc({ pid, comm: `p${pid}` }), ports });
  const held = (...holders: ReturnType<typeof one>[]) => heldByText(budget('b', { holders }));

  it('names both of two equals, each with its share, and counts the others', () => {
    expect(held(one(1, 1003), one(2, 997))).toBe('held by p1 1 (1,003) and p2 2 (997)');
    expect(held(one(1, 700), one(2, 690), one(3, 610))).toBe('held by p1 1 (700), p2 2 (690) and 1 more');
    expect(held(one(1, 1900), one(2, 100))).toBe('held by p1 1 (1,900) and 1 more');
    expect(held(one(1, 1900))).toBe('held by p1 1 (1,900)');
    expect(held()).toBeNull();
  });

  it('counts ports of which nobody is known as ports, not as one more who holds some', () => {
    const unknown = (ports: number) => ({
      process: proc({ pid: null, name: null, comm: null, exe: null }),
      ports,
    });
    expect(held(one(1, 234), unknown(66))).toBe('held by p1 1 (234); 66 of unknown owner');
    expect(held(one(1, 1900), one(2, 100), unknown(7))).toBe(
      'held by p1 1 (1,900) and 1 more; 7 of unknown owner',
    );
    expect(held(unknown(279), one(1, 21))).toBe('held by unknown owner (279) and 1 more');
  });

  it('says no number of others where the row has no room for all', () => {
    const single = Array.from({ length: 9 }, (_, i) => one(i + 2, 1));
    expect(held(one(1, 120), ...single)).toBe('held by p1 1 (120) and more');
  });

  it('names who blocks them by bind(), and no one where that is not known', () => {
    const blocked = { limit: 2000, used: 33, blocked: 2000, free: 0, holders: [one(9, 33)] };
    expect(heldByText(budget('b', { ...blocked, blockers: [one(8, 2000)] }))).toBe(
      'held by p8 8 (2,000 by bind()) and 1 more',
    );
    expect(heldByText(budget('b', { ...blocked, blockers: [] }))).toBe('blocked by bind() of other programs');
  });
});

describe('a bar', () => {
  const cells = (used: number, blocked = 0) =>
    filledCells(budget('b', { limit: 1000, used, blocked, free: 1000 - used - blocked }), 10);

  it('has the nearest number of cells, and all of them only when the budget is full', () => {
    expect([0, 49, 51, 500, 999, 1000].map((used) => cells(used))).toEqual([0, 0, 1, 5, 9, 10]);
    expect(cells(900, 100)).toBe(10);
    expect(filledCells(budget('b', { limit: null }), 10)).toBe(0);
  });
});

describe('the parts of a bar', () => {
  it('never go beyond the limit, however many ports are held', () => {
    expect(barParts(budget('b', { limit: 100, used: 160, free: 0, blocked: 0, reuse: 'never' }))).toEqual({
      solid: 1,
      reused: 0,
    });
  });

  it('tell ports that are held from TIME_WAIT entries that connect() takes over', () => {
    const row = budget('b', {
      limit: 100,
      used: 80,
      free: 20,
      blocked: 0,
      timeWait: 60,
      reuse: 'after-delay',
      exhaustionSeconds: null,
    });
    const { solid, reused } = barParts(row);
    expect([solid, reused].map((share) => Math.round(share * 100))).toEqual([20, 60]);
    expect(barParts({ ...row, reuse: 'never' }).reused).toBe(0);
  });
});
