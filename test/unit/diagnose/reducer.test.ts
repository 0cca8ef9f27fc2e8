import { describe, expect, it } from 'vitest';
import { fillRates, Growth } from '../../../src/diagnose/actor-rates.js';
import { actorsOf } from '../../../src/diagnose/actors.js';
import { Incidents } from '../../../src/diagnose/incidents/incidents.js';
import { findingRows, reduce, type Watch } from '../../../src/diagnose/reducer.js';
import { TableReplica } from '../../../src/diagnose/replica/table-replica.js';
import { candidate } from '../../../src/diagnose/rules/candidate.js';
import { connectionChurn } from '../../../src/diagnose/rules/churn.js';
import { silenceOf } from '../../../src/diagnose/rules/silence.js';
import { runtimeOf } from '../../../src/diagnose/runtime.js';
import type { Actor, Candidate } from '../../../src/diagnose/types.js';
import type { FindingRow, FlowRow } from '../../../src/protocol/rows.js';
import { type FlowParts, flow, proc } from '../publish/rows.js';
import { actor, FACTS, tables, totals } from './world.js';

const T0 = 1_700_000_000_000;

const about = (key: string, parts: Partial<Candidate> = {}): Candidate =>
  candidate(actor({ key }), {
    rule: 'r',
    severity: 'warning',
    priority: 1,
    title: key,
    evidence: [],
    ...parts,
  });

/** Second by second: the candidates of each, and the rows after the last. */
function rowsAfter(seconds: readonly (readonly Candidate[])[]): FindingRow[] {
  let watch: Watch = new Map();
  seconds.forEach((candidates, i) => {
    watch = reduce(watch, candidates, T0 + i * 1000);
  });
  return findingRows(watch, T0 + (seconds.length - 1) * 1000);
}

const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

describe('a finding', () => {
  it('appears when its evidence has lasted, and counts from its beginning', () => {
    expect(rowsAfter(times(3, [about('a')]))).toEqual([]);
    expect(rowsAfter(times(4, [about('a')]))).toMatchObject([
      { title: 'a', since: T0, resolved: null, rank: 1 },
    ]);
  });

  it('resolves within five seconds when its evidence ended with a change of settings in its namespace', () => {
    const rows = (reuseAt: (second: number) => number, changedIn: string) => {
      const incidents = new Incidents();
      let watch: Watch = new Map();
      const resolved: (number | null)[] = [];
      for (let second = 0; second < 30; second++) {
        const time = T0 + second * 1000;
        const own = totals({ key: '1', tcpTwReuse: reuseAt(second), netnsId: changedIn });
        const candidates = second < 12 ? [about('a')] : [];
        for (const _ of incidents.steps(tables({ totals: [own], time }), FACTS));
        watch = reduce(watch, candidates, time, incidents.changedAt);
        resolved.push(findingRows(watch, time)[0]?.resolved ?? null);
      }
      return resolved.findIndex((one) => one !== null);
    };
    const { netnsId } = about('a');
    const change = (at: number) => (second: number) => (second < at ? 2 : 1);
    expect(rows(change(10), netnsId ?? '')).toBe(16);
    expect(rows(change(10), 'another')).toBe(27);
    expect(rows(change(99), netnsId ?? '')).toBe(27);
    expect(rows(change(20), netnsId ?? '')).toBe(27);
  });

  describe('of a program that was mended', () => {
    /** The moments at which the finding of the churn resolved, by opens in each second. */
    const resolvedAt = (
      opens: (second: number) => number,
      seconds: number,
      others: readonly Actor[] = [],
    ) => {
      const growth = new Growth(4);
      let [watch, opened]: [Watch, number] = [new Map(), 0];
      const moments = new Set<number>();
      for (let second = 0; second < seconds; second++) {
        opened += opens(second);
        const time = T0 + second * 1000;
        const one = actor({
          established: 0,
          steady: 0,
          lifetimeMs: 2,
          opened,
          closed: opened,
          closedFirst: opened,
          firstSeen: T0,
        });
        fillRates(growth, [one], time);
        const now = tables({ actors: [one, ...others], time });
        watch = reduce(watch, connectionChurn(now, FACTS), time, new Map(), silenceOf(now));
        for (const { resolved } of findingRows(watch, time))
          if (resolved !== null) moments.add((resolved - T0) / 1000);
      }
      return [...moments];
    };
    const until = (end: number, perSec: number) => (second: number) => (second < end ? perSec : 0);

    it.each([6, 90, 2000])('resolves within 13 seconds of its last of %d opens per second', (perSec) => {
      const [moment, ...more] = resolvedAt(until(40, perSec), 90);
      expect(moment).toBeGreaterThanOrEqual(49);
      expect(moment).toBeLessThanOrEqual(52);
      expect(more).toEqual([]);
    });

    it('does so whatever others open there, and later where it still opens some', () => {
      const beside = [actor({ key: 'beside', openPerSec: 500 })];
      expect(resolvedAt(until(40, 90), 90, beside)[0]).toBeLessThanOrEqual(52);
      const few = (second: number) => (second < 40 ? 90 : Number(second % 4 === 0));
      expect(resolvedAt(few, 90)[0]).toBeGreaterThan(60);
    });

    it.each([
      [10, 3],
      [10, 4],
      [12, 5],
    ])('stays while a batch comes each %d seconds, of %d', (period, long) => {
      expect(resolvedAt((second) => (second % period < long ? 100 : 0), 200)).toEqual([]);
    });

    it('resolves once of one that comes back each fifteen seconds, and then stays', () => {
      expect(resolvedAt((second) => (second % 15 < 4 ? 100 : 0), 300).length).toBeLessThanOrEqual(1);
    });
  });

  it('goes on by evidence that is too little to begin one', () => {
    const little = about('a', { onlyGoesOn: true });
    expect(rowsAfter(times(60, [little]))).toEqual([]);
    expect(rowsAfter([...times(4, [about('a')]), ...times(60, [little])])).toMatchObject([
      { since: T0, resolved: null },
    ]);
    expect(rowsAfter([...times(4, [about('a')]), ...times(20, []), ...times(60, [little])])).toMatchObject([
      { resolved: T0 + 19_000 },
    ]);
  });

  it('of a burst never appears', () => {
    expect(rowsAfter([[about('a')], [], [], [], [about('a')], [], [], [], [about('a')]])).toEqual([]);
  });

  it('does not flap when its evidence wavers', () => {
    const wavering = Array.from({ length: 60 }, (_, i) => (i > 4 && i % 12 > 2 ? [] : [about('a')]));
    expect(rowsAfter(wavering)).toMatchObject([{ since: T0, resolved: null }]);
  });

  it('resolves after fifteen seconds without evidence, with the time, and is shown for ten minutes', () => {
    const gone = (seconds: number) => rowsAfter([...times(4, [about('a')]), ...times(seconds, [])]);
    expect(gone(15)).toMatchObject([{ resolved: null }]);
    expect(gone(16)).toMatchObject([{ since: T0, resolved: T0 + 19_000 }]);
    expect(gone(616)).toHaveLength(1);
    expect(gone(617)).toEqual([]);
  });

  it('that comes back begins anew', () => {
    const rows = rowsAfter([...times(4, [about('a')]), ...times(20, []), ...times(4, [about('a')])]);
    expect(rows).toMatchObject([{ since: T0 + 24_000, resolved: null }]);
  });

  it('gets more severe when that has lasted as well, and less severe only after ten seconds', () => {
    const critical = about('a', { severity: 'critical' });
    const brief = [...times(5, [about('a')]), ...times(3, [critical])];
    expect(rowsAfter(brief)[0]?.severity).toBe('warning');
    const severe = [...brief, [critical]];
    expect(rowsAfter(severe)[0]?.severity).toBe('critical');
    expect(rowsAfter([...severe, ...times(9, [about('a')])])[0]?.severity).toBe('critical');
    expect(rowsAfter([...severe, ...times(10, [about('a')])])[0]?.severity).toBe('warning');
  });

  it('ranks by severity, then causes before effects; what is resolved comes last', () => {
    const all = [
      about('info', { severity: 'info', priority: 0 }),
      about('effect', { severity: 'critical', priority: 40 }),
      about('cause', { severity: 'critical', priority: 30 }),
      about('warning', { priority: 0 }),
    ];
    const gone = about('gone', { severity: 'critical', priority: 0 });
    const rows = rowsAfter([...times(4, [...all, gone]), ...times(17, all)]);
    expect(rows.map(({ title, rank }) => [title, rank])).toEqual([
      ['cause', 1],
      ['effect', 2],
      ['warning', 3],
      ['info', 4],
      ['gone', 5],
    ]);
  });

  it('is one of a hundred at most, the worst', () => {
    const many = Array.from({ length: 300 }, (_, i) =>
      about(`m${i}`, { severity: i === 299 ? 'critical' : 'info' }),
    );
    const rows = rowsAfter(times(4, many));
    expect(rows).toHaveLength(100);
    expect(rows[0]?.title).toBe('m299');
  });
});

describe('actors', () => {
  const curl = (pid: number, parts: FlowParts = {}): FlowRow =>
    flow(`f${pid}`, {
      process: proc({
        pid,
        comm: 'curl',
        exe: '/usr/bin/curl',
        ppid: 900,
        parent: { pid: 900, comm: 'sh' },
        exited: true,
      }),
      program: 'curl (sh storm.sh)',
      opened: 1,
      closed: 1,
      closedFirst: 1,
      established: 0,
      timeWait: 1,
      portsHeld: 1,
      ...parts,
    });

  it('of a shell loop is the program, with the parent that all have, and exact sums', () => {
    const rows = [
      ...Array.from({ length: 64 }, (_, i) => curl(1000 + i)),
      curl(1, {
        key: 'folded',
        opened: 936,
        process: proc({
          pid: null,
          comm: 'curl',
          exe: '/usr/bin/curl',
          ppid: null,
          parent: { pid: null, comm: 'sh' },
        }),
      }),
    ];
    const [only, ...rest] = actorsOf(rows, new Map());
    expect(rest).toEqual([]);
    expect(only).toMatchObject({ opened: 1000, timeWait: 65, program: 'curl (sh storm.sh)' });
    expect(only?.process).toMatchObject({ pid: null, comm: 'curl' });
  });

  it('name the parent where there is one', () => {
    const [only] = actorsOf([curl(1), curl(2), curl(3)], new Map());
    expect(only?.process).toMatchObject({ pid: null, parent: { pid: 900, comm: 'sh' }, exited: true });
  });

  it('are a process where one does nearly everything', () => {
    const [only] = actorsOf([curl(1), curl(2, { opened: 5000 })], new Map());
    expect(only?.process.pid).toBe(2);
  });

  it('are not one because two services run by one interpreter under one parent', () => {
    const service = (pid: number, name: string | null, script: string | null, parts = {}) =>
      curl(pid, {
        process: proc({ pid, name, script, comm: 'java', exe: '/usr/bin/java', exited: false, ...parts }),
        program: `${name} (init)`,
      });
    const rows = [
      service(1, 'orders.jar', '/opt/orders.jar'),
      service(2, 'stock.jar', '/opt/stock.jar'),
      service(3, 'main.jar', '/opt/a/main.jar'),
      service(4, 'main.jar', '/opt/b/main.jar'),
      service(5, 'java', null),
      service(6, 'orders.jar', '/opt/orders.jar', { cgroup: '/other' }),
    ];
    expect(actorsOf(rows, new Map())).toHaveLength(rows.length);
  });

  it('list the pids of the processes that they stand for, as far as a reader can use them', () => {
    const [few] = actorsOf([curl(1), curl(2), curl(3, { process: proc({ pid: null }) })], new Map());
    expect(few?.pids).toEqual([1, 2]);
    const [many] = actorsOf(
      Array.from({ length: 64 }, (_, i) => curl(1000 + i)),
      new Map(),
    );
    expect(many?.pids).toHaveLength(20);
    const { evidence } = candidate(many as Actor, {
      ...{ rule: 'r', severity: 'info', priority: 1, title: 't', evidence: [] },
    });
    expect(evidence).toEqual([
      { text: 'pids', value: expect.stringMatching(/^1000, 1001, .* 1019 and others$/) },
    ]);
  });

  it('do not mix destinations, directions or namespaces', () => {
    const rows = [
      curl(1),
      curl(2, { destination: { address: '10.0.0.8', port: 80 } }),
      curl(3, { direction: 'in' }),
      curl(4, { netns: 7 }),
    ];
    expect(actorsOf(rows, new Map())).toHaveLength(4);
  });

  it('grow by differences of their sums, however rows fold', () => {
    const growth = new Growth(1);
    expect(growth.perSecond('a', [100], T0)).toBeNull();
    for (let i = 1; i < 30; i++) expect(growth.perSecond('a', [100 + 20 * i], T0 + i * 1000)).toEqual([20]);
    expect(growth.grew('a')).toBe(10);
    expect(growth.perSecond('a', [680], T0 + 40_000)?.[0]).toBeLessThan(11);
    expect(growth.perSecond('a', [700], T0)).toBeNull();
  });

  it('grow from nothing when they are new, not when only their name is', () => {
    expect(new Growth(1).perSecond('a', [6000], T0, T0 - 800)).toEqual([6000]);
    expect(new Growth(1).perSecond('a', [6000], T0, T0 - 2000)).toEqual([3000]);
    expect(new Growth(1).perSecond('a', [6000], T0, T0 - 60_000)).toBeNull();
  });

  it('of a burst is in one second, whatever its size', () => {
    const growth = new Growth(1);
    for (let i = 0; i < 8; i++) growth.perSecond('a', [i < 3 ? 0 : 514], T0 + i * 1000);
    expect(growth.grew('a')).toBe(1);
    expect(growth.grew('nobody')).toBe(0);
  });
});

describe('a mirrored table', () => {
  it('gives clients every change once, however often the diagnosis looked', () => {
    const changes = [
      { set: [flow('a'), flow('b')], del: [] },
      { set: [flow('b', { opened: 99 })], del: ['a'] },
      { set: [], del: [] },
    ];
    const mirror = new TableReplica<'flows'>({ collect: () => changes.shift() ?? { set: [], del: [] } });
    mirror.pull(1);
    mirror.pull(1);
    mirror.pull(2);
    expect([...mirror.rows.keys()]).toEqual(['b']);
    expect(mirror.collect(3)).toEqual({ set: [flow('b', { opened: 99 })], del: ['a'] });
    expect(mirror.collect(4)).toEqual({ set: [], del: [] });
  });
});

describe('runtimes', () => {
  it.each([
    [{ exe: '/usr/bin/node', comm: 'node' }, 'node'],
    [{ exe: '/usr/local/bin/python3.11', comm: 'gunicorn' }, 'python'],
    [{ exe: '/usr/lib/jvm/java-17/bin/java', comm: 'http-nio-8080' }, 'java'],
    [{ exe: '/usr/sbin/php-fpm8.2', comm: 'php-fpm8.2' }, 'php'],
    [{ exe: '/usr/bin/ruby3.1', comm: 'puma 6.0' }, 'ruby'],
    [{ exe: '/usr/sbin/nginx (deleted)', comm: 'nginx' }, 'nginx'],
    [{ exe: '/usr/sbin/haproxy', comm: 'haproxy' }, 'haproxy'],
    [{ exe: '/usr/local/bin/envoy', comm: 'wrk:worker_0' }, 'envoy'],
    [{ exe: '/usr/bin/curl', comm: 'curl' }, 'curl'],
    [{ exe: '/usr/share/dotnet/dotnet', comm: '.NET ThreadPool' }, 'dotnet'],
    [{ exe: '/opt/app/api', comm: 'api', cmdline: './api' }, 'unknown'],
    [{ exe: null, comm: null, cmdline: null }, 'unknown'],
  ] as const)('%j is %s', (parts, runtime) => {
    expect(runtimeOf(proc({ cmdline: null, ...parts }), null)).toBe(runtime);
  });

  it('of a file that the Go linker made is go', () => {
    expect(runtimeOf(proc({ exe: '/opt/app/api', comm: 'api', cmdline: './api' }), 'go')).toBe('go');
  });
});
