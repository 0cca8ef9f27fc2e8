/**
 * GET /metrics over HTTP: behind the gate, bounded whatever the tables hold, and silent once the tracer has stopped.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Source } from '../../../../src/protocol/source.js';
import { Metrics } from '../../../../src/publish/metrics/metrics.js';
import { Tables } from '../../../../src/query/tables.js';
import { HEALTHY } from '../../../support/served.js';
import { budget, failure, finding, flow, proc, totals } from '../rows.js';
import { MemoryTable, World } from '../world.js';

const MANY = 200;
const STATES = { established: 3, 'time-wait': 7, listen: 2, 'close-wait': 1 };

let world: World;
beforeAll(async () => {
  world = await World.start({ token: 'secret-token' });
});
afterAll(() => world.stop());

const scrape = async () => {
  const response = await world.get('/metrics', { headers: { authorization: 'Bearer secret-token' } });
  return { response, text: await response.text() };
};
const samples = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const of = (text: string, family: string) => samples(text).filter((line) => line.startsWith(`${family}{`));

function fill(): void {
  const { source } = world;
  for (let i = 0; i < MANY; i++) {
    const destination = { address: `10.0.${i}.1`, port: 80 };
    const process = proc({ name: `worker-${i}` });
    source.flows.put(flow(`f${i}`, { destination, process, opened: i + 1, portsHeld: i }));
    source.budgets.put(budget(`b${i}`, { destination, used: i, exhaustionSeconds: 1000 - i }));
    source.failures.put(failure(`x${i}`, { destination, count: i }));
    source.failures.put(failure(`y${i}`, { call: 'bind', errno: 'EADDRINUSE', process }));
    source.totals.put(totals(`n${i}`, { netns: 4_026_532_000 + i, states: STATES }));
  }
  world.tick();
}

it('needs the token as every path does', async () => {
  expect((await world.get('/metrics')).status).toBe(401);
  expect((await scrape()).response.status).toBe(200);
});

it('has at most 50 series per family and one other, below 1,000 together', async () => {
  fill();
  const { response, text } = await scrape();
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const families = [...text.matchAll(/^# TYPE (\S+) (?:gauge|counter)$/gm)].map(
    (match) => match[1] as string,
  );
  expect(families.length).toBeGreaterThanOrEqual(11);
  for (const family of families) expect(of(text, family).length, family).toBeLessThanOrEqual(51);
  expect(samples(text).length).toBeLessThan(1000);
  expect(text).not.toMatch(/[{,]pid=/);
});

it('loses nothing to other', async () => {
  const { text } = await scrape();
  const sum = (family: string) =>
    of(text, family).reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
  expect(sum('portchurn_connections_opened_total')).toBe((MANY * (MANY + 1)) / 2);
  expect(sum('portchurn_program_ports_used')).toBe((MANY * (MANY - 1)) / 2);
  expect(sum('portchurn_tuple_ports_used')).toBe((MANY * (MANY - 1)) / 2);
  expect(sum('portchurn_connect_failures_total')).toBe((MANY * (MANY - 1)) / 2);
  expect(sum('portchurn_bind_failures_total')).toBe(MANY * 12);
  expect(sum('portchurn_sockets')).toBe(MANY * 13);
});

it('shows the fullest tuples by name, and of the rest the soonest exhaustion', async () => {
  const { text } = await scrape();
  expect(text).toContain(
    'portchurn_tuple_ports_used{netns="4026531840",source="10.0.0.1",destination="10.0.199.1",port="80"} 199\n',
  );
  expect(of(text, 'portchurn_tuple_exhaustion_seconds').at(-1)).toBe(
    'portchurn_tuple_exhaustion_seconds{netns="other",source="other",destination="other",port="other"} 851',
  );
});

it('says which rules have a finding now, and 0 once it is resolved', async () => {
  const findings = new MemoryTable<'findings'>();
  const { events } = world.source;
  const source: Source = { tables: { findings }, events, health: () => null };
  const tables = new Tables(source);
  const metrics = new Metrics({ tables, source, version: '0' });
  const after = async (...rows: ReturnType<typeof finding>[]) => {
    findings.put(...rows);
    tables.collect(Date.now());
    return of(await metrics.text(), 'portchurn_finding');
  };
  const exhausted = { rule: 'ports-exhausted', severity: 'critical' } as const;
  const old = finding('q', { rule: 'short-lived', severity: 'info', resolved: 1 });
  expect(await after(finding('p', { ...exhausted, resolved: null }), old)).toEqual([
    'portchurn_finding{rule="ports-exhausted",severity="critical"} 1',
  ]);
  expect((await after(finding('p', { ...exhausted, resolved: 2 })))[0]).toBe(
    'portchurn_finding{rule="ports-exhausted",severity="critical"} 0',
  );
});

it('has one series of namespaces that had one inode, with what the living one holds', async () => {
  const [spaces, budgets] = [new MemoryTable<'totals'>(), new MemoryTable<'budgets'>()];
  const source: Source = {
    tables: { totals: spaces, budgets },
    events: world.source.events,
    health: () => null,
  };
  const tables = new Tables(source);
  const metrics = new Metrics({ tables, source, version: '0' });
  const used = async () =>
    of(await metrics.text(), 'portchurn_tuple_ports_used').map((line) => line.split(' ')[1]);
  const take = (id: string, ports: number) => {
    spaces.put(totals(id, { netnsId: id }));
    budgets.put(budget(`${id}/b`, { netnsId: id, used: ports }));
    tables.collect(Date.now());
  };
  take('7', 100);
  expect(await used()).toEqual(['100', '0']);
  spaces.drop('7');
  take('9', 3);
  expect(await used()).toEqual(['3', '0']);
});

it('names the namespaces that live and have a name, once each', async () => {
  const spaces = new MemoryTable<'totals'>();
  const tables = new Tables({ tables: { totals: spaces } });
  const metrics = new Metrics({ tables, source: world.source, version: '0' });
  const names = async (...all: [id: string, netns: number, name: string | null][]) => {
    for (const [id, netns, name] of all) spaces.put(totals(id, { netnsId: id, netns, name }));
    tables.collect(Date.now());
    return of(await metrics.text(), 'portchurn_netns_info').map((line) => line.replace(/^[^{]*/, ''));
  };
  const host = '{netns="1",name="host"} 1';
  expect(await names(['1', 1, 'host'], ['2', 2, null], ['3', 3, 'a"b\u202e'])).toEqual([
    host,
    '{netns="3",name="a\\"b\\\\u202e"} 1',
  ]);
  spaces.drop('3');
  expect(await names(['4', 3, 'node (4242)'])).toEqual([host, '{netns="3",name="node"} 1']);
});

it('counts losses by reason, and no sum of them that would count them twice', async () => {
  const health = () => ({ ...HEALTHY, lost: { ring: 4, recursion: 2, storage: 1, total: 7 } });
  const source: Source = { tables: {}, events: world.source.events, health };
  const text = await new Metrics({ tables: new Tables(source), source, version: '0' }).text();
  expect(of(text, 'portchurn_events_lost_total')).toEqual([
    'portchurn_events_lost_total{reason="ring"} 4',
    'portchurn_events_lost_total{reason="recursion"} 2',
    'portchurn_events_lost_total{reason="storage"} 1',
  ]);
});

it('says of which workload a program is, and no id', async () => {
  const flows = new MemoryTable<'flows'>();
  const tables = new Tables({ tables: { flows } });
  const metrics = new Metrics({ tables, source: world.source, version: '0' });
  const place = { unit: null, container: '3f9c3f9c3f9c', image: 'shop:1', pod: 'prod/web-5d4f8c7b9-x2x4z' };
  flows.put(flow('f', { process: proc({ ...place, workload: 'prod/web' }), portsHeld: 3 }));
  tables.collect(Date.now());
  const text = await metrics.text();
  expect(of(text, 'portchurn_program_ports_used')[0]).toBe(
    'portchurn_program_ports_used{program="ab",unit="",workload="prod/web"} 3',
  );
  expect(of(text, 'portchurn_connections_opened_total')[0]).toContain('workload="prod/web"');
  expect(text).not.toMatch(/3f9c|x2x4z/);
});

it('escapes names that processes give themselves', async () => {
  world.source.flows.put(
    flow('evil', {
      process: proc({ name: 'a"} 1\nportchurn_evil 2\\\u001b[2J\u202e' }),
      opened: 1e9,
      portsHeld: 1e9,
    }),
  );
  world.tick();
  const { text } = await scrape();
  expect(text).not.toMatch(/^portchurn_evil/m);
  expect(text).toContain('program="a\\"} 1\\\\u000aportchurn_evil 2\\\\\\\\u001b[2J\\\\u202e"');
});

it('is refused once the tracer has stopped: old numbers are no numbers', async () => {
  const { state } = world.source;
  world.source.state = null;
  const { response, text } = await scrape();
  world.source.state = state;
  expect(response.status).toBe(503);
  expect(JSON.parse(text)).toMatchObject({ code: 'TRACER_STOPPED' });
});
