/** Incidents over a restart of the service: the same key, counts that go on, and nothing begun twice. */

import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { type SavedIncidents, SavedIncidents as Schema } from '../../../../src/diagnose/incidents/saved.js';
import type { Tables } from '../../../../src/diagnose/types.js';
import { budget, FACTS, failure, NOW, tables, totals, Watch } from '../world.js';

const AT = (seconds: number) => NOW + seconds * 1000;

/** One more run of the service, whose counters begin at zero. */
function next(saved: SavedIncidents, time: number): Watch {
  const watch = new Watch();
  expect([...Compile(Schema).Errors(JSON.parse(JSON.stringify(saved)))]).toEqual([]);
  watch.incidents.restore(JSON.parse(JSON.stringify(saved)), time);
  return watch;
}

function run(watch: Watch, from: number, to: number, given: (at: number) => Partial<Tables>) {
  let last = watch.step(tables({ ...given(from), time: AT(from) }));
  for (let at = from + 1; at <= to; at++) last = watch.step(tables({ ...given(at), time: AT(at) }));
  return last;
}

/** Ten failures a second since `from`. */
const failing =
  (from: number, end = Number.POSITIVE_INFINITY) =>
  (at: number) => ({
    budgets: [budget({ limit: 200, used: 200, exhaustionSeconds: 0 })],
    failures:
      at < from
        ? []
        : [
            failure({
              count: 10 * (Math.min(at, end) - from + 1),
              perSec: at > end ? 0 : 10,
              firstSeen: AT(from),
              lastSeen: AT(Math.min(at, end)),
            }),
          ],
  });

function lasting() {
  const watch = new Watch();
  const { incidents } = run(watch, 0, 20, failing(0));
  expect(incidents).toMatchObject([{ state: 'open', failed: 210 }]);
  return { saved: watch.incidents.saved, key: incidents[0]?.key };
}

describe('an incident over a restart', () => {
  it('goes on with its key, and counts on, in all and of each victim', () => {
    const { saved, key } = lasting();
    const watch = next(saved, AT(30));
    const { incidents } = run(watch, 30, 40, failing(31));
    expect(incidents).toMatchObject([
      { key, state: 'open', failed: 310, victims: [{ failed: 310, perSec: 10 }] },
    ]);
    expect(watch.entered).toEqual([]);
  });

  it('counts on for a victim whose program is not known yet', () => {
    const { saved } = lasting();
    const given = (at: number) => ({
      ...failing(31)(at),
      failures: failing(31)(at).failures.map((row) => ({ ...row, program: null })),
    });
    const { incidents } = run(next(saved, AT(30)), 30, 40, given);
    expect(incidents).toMatchObject([{ victims: [{ failed: 310 }] }]);
    expect(incidents[0]?.victims).toHaveLength(1);
  });

  it('keeps its victims before they fail again', () => {
    const { saved } = lasting();
    const { incidents } = run(next(saved, AT(30)), 30, 31, failing(100));
    expect(incidents).toMatchObject([{ failed: 210, victims: [{ failed: 210 }] }]);
  });

  it('is not over because nobody watched: quiet counts from the restart', () => {
    const { saved, key } = lasting();
    const none = () => ({ budgets: [], failures: [] });
    const watch = next(saved, AT(600));
    expect(run(watch, 600, 605, none).incidents).toMatchObject([{ key, state: 'open' }]);
    expect(run(watch, 606, 615, none).incidents).toMatchObject([{ key, state: 'easing', until: AT(20) }]);
    expect(run(watch, 616, 660, none).incidents).toMatchObject([{ key, state: 'over', until: AT(20) }]);
  });

  it('that eased goes on to ease: nobody is called for it again', () => {
    const first = new Watch();
    const before = run(first, 0, 30, (at) => ({ ...failing(0, 10)(at), budgets: [] }));
    expect(before.incidents).toMatchObject([{ state: 'easing' }]);
    const watch = next(first.incidents.saved, AT(35));
    const { incidents } = run(watch, 35, 36, () => ({ budgets: [], failures: [] }));
    expect(incidents).toMatchObject([{ key: before.incidents[0]?.key, state: 'easing' }]);
    expect(watch.entered).toEqual([]);
  });

  it('that is over is kept as it was, and another one of the same place has a key of its own', () => {
    const first = new Watch();
    run(first, 0, 90, (at) => ({ ...failing(0, 5)(at), budgets: [] }));
    const { saved } = first.incidents;
    expect([saved.lasting.length, saved.over.length]).toEqual([0, 1]);
    const { incidents } = run(next(saved, AT(100)), 100, 120, failing(110));
    expect(incidents.map(({ state }) => state)).toEqual(['open', 'over']);
    expect(new Set(incidents.map(({ key }) => key)).size).toBe(2);
  });

  it('of overflows does not count those of before again: the kernel counts on', () => {
    const facts = { ...FACTS, overflowPerSec: new Map([['1', 5]]) };
    const grown = (at: number) =>
      tables({ time: AT(at), totals: [totals({ timeWaitOverflow: 1000 + 5 * at })] });
    const watch = new Watch();
    for (let at = 0; at <= 20; at++) watch.step(grown(at), [], facts);
    const again = next(watch.incidents.saved, AT(25));
    const counted = watch.incidents.rows[0]?.failed ?? 0;
    again.step(grown(25), [], facts);
    again.step(grown(26), [], facts);
    expect(again.incidents.rows).toMatchObject([{ kind: 'overflow', failed: counted + 5 }]);
  });
});
