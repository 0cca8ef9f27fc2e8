/**
 * `serve --filter`: what is said is about what is shown. The diagnosis and the server as the service puts them together, over
 * tables that a test fills: two namespaces with the same addresses and an incident in each.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Diagnosis } from '../../../src/diagnose/diagnosis.js';
import type { SnapshotBody } from '../../../src/protocol/frames.js';
import type { BudgetRow, FindingRow, VerdictRow } from '../../../src/protocol/rows.js';
import { scopeOf } from '../../../src/service/scope.js';
import { NOW } from '../diagnose/world.js';
import { budget, failure, flow, proc, totals } from '../publish/rows.js';
import { MemorySource, World } from '../publish/world.js';

const PLACE = { address: '127.0.0.1', port: 8080 };
const A = 11;
const B = 22;
const node = (pid: number) => proc({ pid, comm: 'node', exe: '/usr/bin/node', unit: null });
const curl = proc({ pid: 3, comm: 'curl', exe: '/usr/bin/curl', unit: null });

let memory: MemorySource;
let world: World | undefined;
let now: number;

beforeEach(() => {
  now = NOW;
  memory = new MemorySource();
  incident(A, 'blue', { used: 100, failed: 30 });
  incident(B, 'green', { used: 1000, failed: 500 });
});
afterEach(() => world?.stop());

/** All of 100 or 1,000 ports are held by one node, and connects fail. */
function incident(
  netns: number,
  name: string | null,
  { used, failed }: { used: number; failed: number },
): void {
  const process = node(netns);
  const own = { netns, process, program: null, destination: PLACE };
  const full = { limit: used, used, free: 0, timeWait: used, exhaustionSeconds: 0 };
  memory.totals.put(totals(`${netns}`, { netns, name }));
  memory.flows.put(flow(`${netns} node`, { ...own, portsHeld: used, timeWait: used, opened: used }));
  memory.budgets.put(
    budget(`${netns}/full`, { netns, destination: PLACE, ...full, holders: [{ process, ports: used }] }),
  );
  memory.failures.put(
    failure(`${netns} fails`, {
      ...{ ...own, errno: 'EADDRNOTAVAIL', cause: 'ports-exhausted', call: 'connect' },
      ...{ count: failed, perSec: failed, firstSeen: NOW, lastSeen: NOW + 60_000, budget: `${netns}/full` },
    }),
  );
}

interface Told {
  verdict: VerdictRow;
  findings: FindingRow[];
  budgets: BudgetRow[];
}

/** What the service publishes after some seconds. */
async function reported(): Promise<Told> {
  const { hub } = world as World;
  for (let second = 0; second < 5; second++) {
    now += 1000;
    hub.publish(now);
  }
  const texts = await hub.snapshot(['verdict', 'findings', 'budgets'], {}, now);
  const text = texts.map(({ whole }) => whole).join('');
  const { verdict, findings, budgets } = (JSON.parse(text) as SnapshotBody).topics;
  return {
    verdict: verdict?.rows[0] as VerdictRow,
    findings: findings?.rows ?? [],
    budgets: budgets?.rows ?? [],
  };
}

async function serve(filter: string): Promise<void> {
  const diagnosis = new Diagnosis(memory.tables as ConstructorParameters<typeof Diagnosis>[0], {
    standing: () => new Map(),
    runtimeOf: () => null,
    portsOf: () => null,
    failed: (error) => expect(error).toBeNull(),
    scope: scopeOf(filter),
  });
  Object.assign(memory, { tables: diagnosis.tables });
  world = await World.start({ filter, source: memory });
}

it('speaks of the whole machine without a filter', async () => {
  await serve(' ');
  const { verdict, findings } = await reported();
  expect(verdict.text).toMatch(
    /^Out of ports to 127\.0\.0\.1:8080\. 500 connects\/s fail .* And 1 more: no port to 127\.0\.0\.1:8080 is free in blue\.$/,
  );
  expect(new Set(findings.map(({ netns }) => netns))).toEqual(new Set([A, B]));
});

it.each([`netns:${A}`, 'netns:blue', 'pid:11'])('%s: speaks of that alone', async (filter) => {
  await serve(filter);
  const { verdict, findings } = await reported();
  expect(verdict.level).toBe('critical');
  expect(verdict.text).toMatch(/^Out of ports to 127\.0\.0\.1:8080\. 30\.0 connects\/s fail/);
  expect([verdict.budget, new Set(findings.map(({ netns }) => netns))]).toEqual(['11/full', new Set([A])]);
  expect(findings.map(({ key }) => key)).toContain(verdict.finding);
  expect(findings.map(({ title }) => title).join()).toContain('node (pid 11)');
  const metrics = await (await world?.get('/metrics'))?.text();
  expect(metrics).toContain('rule="port-exhaustion"');
});

it('is calm where only what it does not show is in trouble', async () => {
  memory.totals.put(totals('33', { netns: 33, name: 'red' }));
  await serve('netns:red');
  const { verdict, findings } = await reported();
  expect(verdict).toMatchObject({ level: 'ok', text: 'Ports are fine. The filter shows no budget.' });
  expect(findings).toEqual([]);
});

it('a name that is learned later shows the rows that came before it, and speaks of them', async () => {
  incident(33, null, { used: 10, failed: 7 });
  await serve('netns:red');
  expect((await reported()).budgets).toEqual([]);
  memory.totals.put(totals('33', { netns: 33, name: 'red' }));
  const { verdict, budgets } = await reported();
  expect(budgets.map(({ key }) => key)).toEqual(['33/full']);
  expect(verdict).toMatchObject({ level: 'critical', budget: '33/full' });
});

it('does not take what a filter leaves for the main holder of a budget that others fill', async () => {
  const holders = [
    { process: node(A), ports: 90 },
    { process: curl, ports: 10 },
  ];
  memory.failures.drop('11 fails');
  memory.flows.put(
    flow('11 curl', { netns: A, process: curl, destination: PLACE, portsHeld: 10, timeWait: 10 }),
  );
  memory.budgets.put(
    budget('11/full', {
      netns: A,
      destination: PLACE,
      limit: 110,
      used: 100,
      free: 10,
      timeWait: 100,
      exhaustionSeconds: null,
      holders,
    }),
  );
  await serve('process:curl');
  const { verdict, findings } = await reported();
  expect(verdict.text).toMatch(/held, most by node \(pid 11\)\.$/);
  expect(findings.filter(({ rule }) => rule === 'port-exhaustion')).toEqual([]);
});

it.each([
  // A budget has no direction, no errno; of processes it has its holders, of destinations its own.
  ['dir:out', null, '500'],
  ['errno:EADDRNOTAVAIL', null, '500'],
  ['dst::8080 !pid:22', '11/full', '30.0'],
  ['process:node', '22/full', '500'],
])('%s: the verdict is published, and names no row that is hidden', async (filter, about, rate) => {
  await serve(filter);
  const { verdict, findings, budgets } = await reported();
  expect(verdict.text).toContain(`Out of ports to 127.0.0.1:8080. ${rate} connects/s fail`);
  expect(verdict.budget).toBe(about);
  expect([...budgets.map(({ key }) => key), null]).toContain(verdict.budget);
  expect([...findings.map(({ key }) => key), null]).toContain(verdict.finding);
});

it('names no other budget for a failure whose own is hidden', async () => {
  memory.failures.put(
    failure('11 curl fails', {
      ...{ netns: A, process: curl, program: null, destination: PLACE, errno: 'EADDRNOTAVAIL' },
      ...{ cause: 'ports-exhausted', call: 'connect', count: 90, perSec: 90, budget: '11/full' },
      ...{ firstSeen: NOW, lastSeen: NOW + 60_000 },
    }),
  );
  memory.budgets.put(
    budget('11/other', { netns: A, limit: 100, used: 1, holders: [{ process: curl, ports: 1 }] }),
  );
  await serve('process:curl');
  const { verdict } = await reported();
  expect(verdict).toMatchObject({ level: 'critical', budget: null });
  expect(verdict.text).toMatch(/^Out of ports to 127\.0\.0\.1:8080\. 90\.0 connects\/s fail/);
});

it('refuses a filter that is none before anything is traced', () => {
  expect(() => scopeOf('nosuchkey:1')).toThrow(/"nosuchkey" is no key/);
});
