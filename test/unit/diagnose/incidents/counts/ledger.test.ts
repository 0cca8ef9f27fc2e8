/** Which failed calls are new, second by second: each is counted once, wherever its row goes. */
import { describe, expect, it } from 'vitest';
import { Ledger } from '../../../../../src/diagnose/incidents/counts/ledger.js';
import type { FailureRow } from '../../../../../src/protocol/rows.js';
import { proc } from '../../../publish/rows.js';
import { failure, NOW, totals } from '../../world.js';

const AT = (seconds: number) => NOW + seconds * 1000;
const row = (count: number, parts: Partial<FailureRow> = {}) =>
  failure({ count, perSec: 1, firstSeen: AT(-60), lastSeen: AT(0), ...parts });
/** What dead processes of one program count for. */
const rolledUp = (count: number, parts: Partial<FailureRow> = {}) =>
  row(count, { key: 'g', process: proc({ pid: null, comm: 'java', exe: '/usr/bin/java' }), ...parts });

/** The rows of one second after another; gives what was new of each row in the last. */
function taken(...seconds: readonly (readonly FailureRow[])[]) {
  const ledger = new Ledger();
  let last: number[] = [];
  for (const [at, rows] of seconds.entries()) {
    ledger.step(rows, AT(at));
    last = rows.map((one) => ledger.take(one));
  }
  return { last, moved: [...ledger.moved].map(([key, into]) => [key, into.key]) };
}

describe('what is new of a row', () => {
  it('is what it has grown by', () => {
    expect(taken([row(500)], [row(507)]).last).toEqual([7]);
  });

  it('is all of it when it is seen for the first time, and began within ten seconds', () => {
    expect(taken([], [row(30, { firstSeen: AT(0) })]).last).toEqual([30]);
  });

  it('is what happened lately, when it was there before and nobody asked', () => {
    expect(taken([row(500)]).last).toEqual([10]);
    const ledger = new Ledger();
    const seconds = [0, 1, 2, 3].map((at) => row(500 + 100 * at, { perSec: 5 }));
    const asked = seconds.map((one, at) => {
      ledger.step([one], AT(at));
      return at === 1 || at === 2 ? 0 : ledger.take(one);
    });
    expect(asked).toEqual([50, 0, 0, 50]);
  });

  it('is all of it after a pause of this process, since it began after the last second', () => {
    const ledger = new Ledger(AT(0));
    ledger.step([], AT(0));
    const late = row(40, { firstSeen: AT(2), lastSeen: AT(4), perSec: 0 });
    ledger.step([late], AT(30));
    expect(ledger.take(late)).toBe(40);
  });

  it('is of the calls that are meant', () => {
    const ledger = new Ledger();
    const step = (at: number, count: number, unanswered: number) => {
      const one = row(count, { cause: 'aborted', unanswered });
      ledger.step([one], AT(at));
      return ledger.take(one, { ...one, count: unanswered });
    };
    step(0, 100, 10);
    expect(step(1, 150, 13)).toBe(3);
  });
});

describe('a row that a dead process leaves', () => {
  it('counts for its program from then on, and is not new', () => {
    const { last, moved } = taken([row(500, { key: 'p' })], [rolledUp(500)]);
    expect(last).toEqual([0]);
    expect(moved).toEqual([['p', 'g']]);
  });

  it('is new as far as it grew before it went', () => {
    expect(taken([row(500, { key: 'p' }), rolledUp(40)], [rolledUp(543)]).last).toEqual([3]);
  });

  it('goes to its own program, of several that grow', () => {
    const other = { key: 'g2', program: 'node app.js (bash)' };
    const { last, moved } = taken(
      [row(500, { key: 'p' }), rolledUp(1, other)],
      [rolledUp(501, other), rolledUp(500)],
    );
    expect(moved).toEqual([['p', 'g']]);
    expect(last).toEqual([500, 0]);
  });

  it('is no other call, and of no other place', () => {
    const elsewhere = { destination: { address: '10.0.0.8', port: 80 }, firstSeen: AT(0) };
    expect(taken([row(500, { key: 'p' })], [rolledUp(500, elsewhere)])).toEqual({ last: [500], moved: [] });
  });

  it('has no place any more where the table is full', () => {
    const nowhere = { destination: { address: null, port: null }, program: null };
    const { last, moved } = taken([row(500, { key: 'p' })], [rolledUp(500, nowhere)]);
    expect({ last, moved }).toEqual({ last: [0], moved: [['p', 'g']] });
  });
});

it('entries that overflowed before are none of the first second', () => {
  const ledger = new Ledger();
  const grown = [1000, 1005, 1005].map((timeWaitOverflow) =>
    ledger.takeOverflow(totals({ timeWaitOverflow })),
  );
  expect(grown).toEqual([0, 5, 0]);
});
