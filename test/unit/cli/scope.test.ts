/** Two namespaces with the same addresses and an incident in each: what why and check say about one of them. */
import { readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { BudgetRow, FindingRow, IncidentRow } from '../../../src/protocol/rows.js';
import { scopedVerdict } from '../../../src/view/scoped-verdict.js';
import { tables, Watch } from '../diagnose/world.js';
import { budget, failure, finding, incident as incidentRow, proc, totals, verdict } from '../publish/rows.js';
import { run, type World } from './attached.js';

const PLACE = { address: '10.0.0.9', port: 5432 };
const OUT = { limit: 200, used: 200, free: 0, timeWait: 199, exhaustionSeconds: 0 };

/** The rows of one namespace: out of ports to the same place as the other, and fine elsewhere. */
function incident(netns: number, name: string, perSec: number) {
  const culprit = proc({ pid: netns, comm: `${name}-job`, unit: null, cmdline: `/opt/${name}/job` });
  const about = { netns, destination: PLACE };
  return {
    totals: totals(name, { netns, name }),
    budgets: [
      budget(`${name}-1`, { ...about, ...OUT, holders: [{ process: culprit, ports: 190 }] }),
      budget(`${name}-2`, { ...about, ...OUT, destination: { address: '10.0.0.10', port: 80 }, used: 199 }),
      budget(`${name}-3`, { netns, used: 3, limit: 200, free: 197, exhaustionSeconds: null }),
    ],
    failure: failure(`${name}-f`, {
      ...about,
      process: culprit,
      perSec,
      lastSeen: Date.now() + 60_000,
      budget: `${name}-1`,
    }),
    finding: finding(`${name}-x`, {
      ...about,
      process: culprit,
      title: `${name}-job churns`,
      severity: 'critical',
    }),
  };
}

function world(more: FindingRow[] = [], others: BudgetRow[] = []): World {
  const [blue, green] = [incident(101, 'blue', 30), incident(202, 'green', 70)];
  return {
    totals: [blue.totals, green.totals],
    budgets: [...blue.budgets, ...green.budgets, ...others],
    failures: [blue.failure, green.failure],
    findings: [blue.finding, green.finding, ...more],
    verdict: verdict({
      level: 'critical',
      text: 'Out of ports to 10.0.0.9:5432. 100/s fail.',
      budget: 'green-1',
    }),
  };
}

const FOREIGN = { blue: /green|\b202\b|\b70\.0/, green: /blue|\b101\b|\b30\.0/ };

describe.each([
  ['blue', '101', '30.0'],
  ['green', '202', '70.0'],
] as const)('%s alone', (name, inode, rate) => {
  const scopes = [
    ['--netns', name],
    ['--netns', inode],
    ['--filter', `netns:${name}`],
  ];

  it.each(scopes)('check %s %s speaks of nothing else', async (...scope) => {
    const { code, out } = await run(world(), 'check', ...scope);
    expect(code).toBe(2);
    expect(out.split('|')[0]).toBe(
      `PORTCHURN CRITICAL - Out of ports to 10.0.0.9:5432. ${rate} connects/s fail (EADDRNOTAVAIL). ` +
        `In ${name}, held by ${name}-job ${inode} (190). Also out: 10.0.0.10:80 in ${name}, held by worker 77 (20,000). `,
    );
    expect(out).toContain('findings_critical=1;');
  });

  it.each(scopes)('why %s %s speaks of nothing else', async (...scope) => {
    const { code, out } = await run(world(), 'why', ...scope, '--all');
    expect(code).toBe(0);
    expect(out).toContain(`${rate} connects/s fail`);
    expect(out).toContain(`${name}-job churns`);
    expect(out.replaceAll(/\d\d:\d\d:\d\d/g, '')).not.toMatch(FOREIGN[name]);
  });

  it('is what JSON has, too', async () => {
    const { out } = await run(world(), 'why', '--netns', name, '-o', 'json');
    const { topics } = JSON.parse(out);
    expect(topics.findings.rows.map((row: FindingRow) => row.netns)).toEqual([Number(inode)]);
    expect(topics.verdict.rows).toMatchObject([{ key: 'verdict', level: 'critical', budget: `${name}-1` }]);
  });
});

describe('a scope', () => {
  it('without an incident is fine, whatever the machine is', async () => {
    const calm = totals('calm', { netns: 303, name: 'calm' });
    const more = { ...world(), totals: [...(world().totals ?? []), calm] };
    const { code, out } = await run(more, 'check', '--netns', 'calm');
    expect({ code, out: out.split('|')[0] }).toEqual({
      code: 0,
      out: 'PORTCHURN OK - Ports are fine. No outbound connection holds one. ',
    });
  });

  it.each(['check', 'why'])(
    'of a filter that matches no row at all is said to match nothing: %s',
    async (command) => {
      const said = 'Nothing matches --filter now: no connection, budget or failure; is it spelled right?';
      const { code, out } = await run(world(), command, '--filter', 'process:importr');
      expect({ code, says: out.replaceAll('\n', ' ').includes(said) }).toEqual({ code: 0, says: true });
      const quiet = { ...world(), budgets: [], failures: [], findings: [] };
      for (const scope of [['--filter', 'dst:10.0.0.9:5432'], ['--netns', 'blue'], []])
        expect((await run(quiet, command, ...scope)).out).not.toContain('Nothing matches');
    },
  );

  it('may be the namespace of a process', async () => {
    const inode = Number(/\d+/.exec(readlinkSync('/proc/self/ns/net'))?.[0]);
    const here = budget('here', { netns: inode, ...OUT });
    const { code, out } = await run({ ...world([], [here]) }, 'check', '--netns', `pid:${process.pid}`);
    expect(code).toBe(2);
    expect(out).toContain('held by worker 77');
    expect(out).not.toMatch(/blue|green/);
  });

  it('with a name that two living namespaces have is refused, with their inodes', async () => {
    const both = [totals('a', { netns: 101, name: 'x' }), totals('b', { netns: 202, name: 'x' })];
    const { code, out } = await run({ ...world(), totals: both }, 'check', '--netns', 'x');
    expect(code).toBe(3);
    expect(out).toContain('2 network namespaces are called "x" (give an inode: 101, 202)');
  });

  it('that is not there is told with those that are', async () => {
    const { code, err } = await run(world(), 'why', '--netns', 'bleu');
    expect(code).toBe(1);
    expect(err).toContain('no network namespace "bleu" with TCP in it\n  → there are: blue, green\n');
  });

  it('of a process that is not there is told', async () => {
    const { code, err } = await run(world(), 'why', '--netns', 'pid:4194304');
    expect(code).toBe(1);
    expect(err).toContain('no process with pid 4194304\n');
  });
});

it('check of the whole machine names namespace, holder and what else is out', async () => {
  const { out } = await run(world(), 'check');
  expect(out).toMatch(
    /fail\. In green, held by green-job 202 \(190\)\. Also out: 10\.0\.0\.9:5432 in blue, held by blue-job 101 \(190\); .* in blue, .*; .* in green, [^;]*\. \|/,
  );
});

it('check names what is out once, be it in the verdict or behind it, whatever its namespace is called by now', async () => {
  const { totals = [], budgets = [], failures = [], ...more } = world();
  const watch = new Watch();
  const at = (second: number) =>
    watch.step(tables({ totals, budgets, failures, time: Date.now() + second * 1000 }));
  for (const second of [0, 1, 2]) at(second);
  const { verdict: said, incidents } = at(3);
  expect([said.others, said.named.length]).toEqual([3, 3]);
  const keyOf = (key: string) => incidents.find(({ budget }) => budget === key)?.key ?? null;
  const marked = budgets.map((row) => ({ ...row, incident: keyOf(row.key) }));
  const renamed = totals.map((row) => ({ ...row, name: `new-${row.name}` }));
  const { out } = await run({ ...more, totals: renamed, budgets: marked, failures, verdict: said }, 'check');
  const [text = ''] = out.split(' | ');
  expect(text).toMatch(/ And 3 more: no port to .* is free in blue; no port to .* is free.*; …/);
  const named = (place: string) => text.split(place).length - 1;
  expect([named('10.0.0.9:5432'), named('10.0.0.10:80')]).toEqual([2, 2]);
  expect(text).toMatch(/ Also out: [^;]*\.$/);
});

describe('the sentence of a scope', () => {
  const now = new Date(2026, 0, 2, 14, 2, 31).getTime();
  const cases: [string, BudgetRow[]][] = [
    ['nothing', []],
    ['fine', [budget('b', { exhaustionSeconds: null, used: 100, free: 28_000 })]],
    ['nearly full', [budget('b', { exhaustionSeconds: null, used: 27_000, free: 1232 })]],
    ['running out', [budget('b', { exhaustionSeconds: 130 })]],
    ['out', [budget('b', OUT)]],
    ['a bind pool that is out', [budget('b', { ...OUT, kind: 'bind-pool' })]],
  ];

  it.each(cases)('is the service’s own when there is nothing else: %s', (_, budgets) => {
    const at = (time: number) => tables({ budgets, time });
    const watch = new Watch();
    watch.step(at(now - 4000));
    const { verdict: row } = watch.step(at(now));
    const { level, text, exhaustionSeconds, budget } = scopedVerdict(
      { budgets, failures: [], findings: [], incidents: [] },
      now,
    );
    expect({ level, text, exhaustionSeconds, budget }).toEqual({
      level: row.level,
      text: row.text,
      exhaustionSeconds: row.exhaustionSeconds,
      budget: row.budget,
    });
  });
});

describe('the verdict of a scope where something fails although ports are free', () => {
  const refused = incidentRow('refused', {
    kind: 'refused',
    state: 'open',
    severity: 'warning',
    title: 'Nobody listens on 127.0.0.1:9000: 10.0 connects/s are refused.',
  });
  const free = budget('b', { exhaustionSeconds: null, used: 1, free: 28_231 });
  const verdictOf = (...incidents: IncidentRow[]) =>
    scopedVerdict({ budgets: [free], failures: [], findings: [], incidents }, 1000);

  it('is about that', () => {
    expect(verdictOf(refused)).toMatchObject({
      level: 'warning',
      text: refused.title,
      incident: 'refused',
      since: refused.since,
      others: 0,
    });
  });

  it('is not about what is over or eases', () => {
    expect(verdictOf({ ...refused, state: 'over' }, { ...refused, state: 'easing' })).toMatchObject({
      level: 'ok',
      incident: null,
    });
  });
});

describe('why on a busy host', () => {
  const busy = () =>
    Array.from({ length: 40 }, (_, i) =>
      finding(`f${i}`, {
        netns: 101,
        rank: i + 2,
        title: `service-${i} with a rather long name (pid ${i}) opens 300 connections/s to 10.0.0.9:5432; it closes them itself, and each holds a port`,
      }),
    );

  const heightAt80 = (text: string) =>
    text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 80)), 0);

  it.each([[[]], [['--netns', 'blue']]])('fits 24 lines of 80 columns: %j', async (scope) => {
    const { out } = await run({ ...world(busy()), columns: 80 }, 'why', ...scope);
    expect(heightAt80(out.trimEnd())).toBeLessThan(24);
    expect(heightAt80(out.trimEnd())).toBeGreaterThan(18);
    expect(out).toMatch(/^1\. CRITICAL .*-job churns$/m);
    expect(out).toContain('$ sysctl -w net.ipv4.ip_local_port_range="1024 65535"\n');
    expect(out).toMatch(
      /\n… 3[67] more findings, every fix with its undo, all evidence: the same with --all\n$/,
    );
  });

  it('says all of it with --all', async () => {
    const { out } = await run(world(busy()), 'why', '--all');
    expect(out.match(/Fix for good:/g)).toHaveLength(42);
    expect(out).not.toContain('--all');
  });

  it('says all of it where that fits', async () => {
    const { out } = await run({ findings: [finding('x')], columns: 80 }, 'why');
    expect(out).toContain('What was seen:');
    expect(out).not.toContain('--all');
  });
});
