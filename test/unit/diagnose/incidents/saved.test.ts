/** Incidents over a restart of the service: the same key, counts that go on, and nothing begun twice. */

import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { type SavedIncidents, SavedIncidents as Schema } from '../../../../src/diagnose/incidents/saved.js';
import type { Tables } from '../../../../src/diagnose/types.js';
import type { IncidentRow } from '../../../../src/protocol/rows.js';
import { proc } from '../../publish/rows.js';
import { actor, budget, FACTS, failure, NOW, tables, totals, Watch } from '../world.js';

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

  it('fails since its first failure, not since the service was started again', () => {
    const sinceOf = (text: string) => / since (\S+)/.exec(text)?.[1];
    const first = run(new Watch(), 0, 20, failing(0)).verdict.text;
    const { verdict } = run(next(lasting().saved, AT(40)), 40, 52, failing(41));
    expect(sinceOf(first)).toMatch(/^\d\d:\d\d:\d\d$/);
    expect(sinceOf(verdict.text)).toBe(sinceOf(first));
  });

  it('says that its count is a lower bound: what failed meanwhile nobody has counted', () => {
    const { saved } = lasting();
    expect(saved.lasting[0]?.row.lowerBound).toBe(false);
    const { incidents } = run(next(saved, AT(30)), 30, 40, failing(31));
    expect(incidents).toMatchObject([{ lowerBound: true }]);
  });

  it('is not on and off since the service was started again: only what was watched is a pause', () => {
    const { saved } = lasting();
    const watch = next(saved, AT(40));
    expect(run(watch, 40, 43, failing(42)).verdict.text).not.toContain('on and off');
    const again = (at: number) => ({ ...failing(42)(at), failures: failing(50)(at).failures });
    const other = next(saved, AT(40));
    expect(run(other, 40, 52, again).verdict.text).toContain('on and off');
  });

  it('keeps its culprits while nobody knows yet whose most of the ports are', () => {
    const first = new Watch();
    const mine = { actors: [actor({ portsHeld: 200, timeWait: 199 })] };
    run(first, 0, 20, (at) => ({ ...failing(0)(at), ...mine }));
    const { saved } = first.incidents;
    const nobody = proc({ pid: null, name: null, comm: null, exe: null, cmdline: null });
    const held = (known: number) => () => ({
      ...failing(31)(31),
      budgets: [budget({ limit: 200, used: 200, exhaustionSeconds: 0, holders: [] })],
      actors: [
        actor({ key: 'n', process: nobody, program: null, portsHeld: 200 - known, timeWait: 200 - known }),
        actor({ portsHeld: known, timeWait: known }),
      ],
    });
    const named = ({ incidents }: { incidents: IncidentRow[] }) =>
      incidents[0]?.culprits.map(({ process, ports }) => [process.pid, ports]);
    const watch = next(saved, AT(30));
    expect(named(run(watch, 30, 32, held(20)))).toEqual([[4242, 200]]);
    expect(named(run(watch, 33, 35, held(120)))).toEqual([
      [4242, 120],
      [null, 80],
    ]);
    expect(named(run(next(saved, AT(30)), 110, 112, held(20)))?.[0]).toEqual([null, 180]);
  });

  it.each([
    ['one process', [77]],
    ['several', [77, 78]],
  ])('counts on for a victim of %s whose parent has ended: it is one, not two', (_, pids) => {
    const by = (parent: string, from: number) => (at: number) => ({
      ...failing(from)(at),
      failures: pids.flatMap((pid) =>
        failing(from)(at).failures.map((row) => ({
          ...row,
          key: `f${pid}`,
          process: proc({ pid, comm: 'curl', exe: '/usr/bin/curl', parent: { pid: 1, comm: parent } }),
          program: `curl (${parent})`,
        })),
      ),
    });
    const first = new Watch();
    run(first, 0, 20, by('loop.sh', 0));
    const { incidents } = run(next(first.incidents.saved, AT(30)), 30, 40, by('systemd', 31));
    expect(incidents[0]?.victims).toMatchObject([{ failed: 310 * pids.length }]);
    expect(incidents[0]?.victims).toHaveLength(1);
  });

  it('does not take two programs of one name for one', () => {
    const by = (parents: readonly string[], from: number) => (at: number) => ({
      ...failing(from)(at),
      failures: parents.flatMap((parent, i) =>
        failing(from)(at).failures.flatMap((row) =>
          [1, 2].map((n) => ({
            ...row,
            key: `f${parent}${n}`,
            process: proc({
              pid: 100 * (i + 1) + n + from,
              comm: 'curl',
              exe: '/usr/bin/curl',
              parent: { pid: 1, comm: parent },
            }),
            program: `curl (${parent})`,
          })),
        ),
      ),
    });
    const first = new Watch();
    run(first, 0, 20, by(['a.sh', 'b.sh'], 0));
    const { incidents } = run(next(first.incidents.saved, AT(30)), 30, 40, by(['c.sh', 'a.sh'], 31));
    expect(incidents[0]?.victims.map(({ failed }) => failed)).toEqual([620, 620]);
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

  describe('whose settings were changed shortly before it', () => {
    const setTo = (tcpTwReuse: number) => [totals({ tcpTwReuse })];
    const out = budget({ limit: 200, used: 200, exhaustionSeconds: 0, sustainablePerSec: 3.3 });
    const back = budget({ limit: 200, used: 60, exhaustionSeconds: null, sustainablePerSec: 200 });
    /** Ten failures a second until `last`; then so many are opened a second. */
    const given = (last: number, perSec: number) => (at: number) => ({
      budgets: [at <= last ? out : back],
      failures: failing(0, last)(at).failures,
      totals: setTo(at < 20 ? 2 : 1),
      actors: [actor({ portsHeld: 150, opened: 1000 + Math.max(0, at - last) * perSec })],
    });
    const changed = (last: number, perSec: number) => {
      const first = new Watch();
      const { incidents } = run(first, 0, 22, given(last, perSec));
      expect(incidents).toMatchObject([{ changes: [{ text: 'tcp_tw_reuse 2 → 1', worked: null }] }]);
      const watch = next(first.incidents.saved, AT(30));
      const at = (from: number, to: number) => {
        const later = (second: number) => ({ ...given(last, perSec)(second), failures: [] });
        return run(watch, from, to, later).incidents[0]?.changes;
      };
      return at;
    };

    it('is not said to be mended before that was watched for five seconds', () => {
      const at = changed(21, 20);
      expect(at(30, 34)).toMatchObject([{ worked: null }]);
      expect(at(35, 36)).toMatchObject([{ worked: true, afterSeconds: null, failPerSecBefore: 10 }]);
    });

    it('is not said to be mended by them where nobody tries any more: what the ports allowed before is kept', () => {
      expect(changed(21, 0)(30, 40)).toMatchObject([
        { kind: 'setting', worked: false, failPerSecAfter: null },
        { kind: 'end', text: 'Fewer connections are tried' },
      ]);
    });
  });

  it.each([
    ['began while nobody watched', 25, ['node started again: pid 4242 → 9']],
    ['had run beside it', 5, []],
  ])(
    'tells a culprit that nobody sees any more from one that was started again: another %s',
    (_, begins, told) => {
      const second = actor({
        key: 'a2',
        program: 'node app.js (sh)',
        process: proc({ ...actor().process, pid: 9, startTime: AT(begins) }),
      });
      const first = (at: number) => ({ ...failing(0)(at), actors: [actor({ portsHeld: 190 })] });
      const before = new Watch();
      run(before, 0, 20, first);
      const then = (at: number) => ({ ...failing(30)(at), actors: [second] });
      const { incidents } = run(next(before.incidents.saved, AT(30)), 30, 34, then);
      expect(incidents[0]?.changes.map(({ text }) => text)).toEqual(told);
    },
  );
});
