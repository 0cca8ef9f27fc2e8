import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Diagnosis } from '../../../src/diagnose/diagnosis.js';
import type { HealthBody } from '../../../src/protocol/health.js';
import { healthBodyFault } from '../../../src/protocol/validate.js';
import { flow, totals } from './rows.js';
import { MemoryTable, World } from './world.js';

let world: World;
let lines: Record<string, unknown>[];
beforeEach(async () => {
  lines = [];
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
  world = await World.start({ log: pino({ level: 'info', base: null }, { write }) });
});
afterEach(() => world.stop());

const status = async () => ((await (await world.get('/healthz')).json()) as { status: string }).status;

function breakFlows(): { mend(): void } {
  const { flows } = world.source;
  const collect = flows.collect.bind(flows);
  flows.collect = () => {
    throw new Error('a bug');
  };
  return {
    mend: () => {
      flows.collect = collect;
    },
  };
}

it('a table that cannot be collected keeps its rows, the others go on, and /healthz says degraded', async () => {
  world.source.flows.put(flow('a'));
  const client = await world.connect();
  client.send({ type: 'subscribe', sub: 'f', topic: 'flows' });
  client.send({ type: 'subscribe', sub: 't', topic: 'totals' });
  await client.snapshotOf('t');
  expect(await status()).toBe('ok');
  const { mend } = breakFlows();
  world.source.totals.put(totals('n'));
  const seq = world.tick();
  expect([...(await client.at('t', seq)).rows.keys()]).toEqual(['n']);
  const health = (await (await world.get('/healthz')).json()) as HealthBody;
  expect([health.status, healthBodyFault(health)]).toEqual(['degraded', null]);
  expect(health.problems.map(({ what }) => what)).toEqual(['A table cannot be published: its rows are old.']);
  expect((await world.snapshot('?topic=flows')).topics.flows?.rows).toMatchObject([{ key: 'a' }]);
  mend();
  world.source.flows.put(flow('b'));
  expect([...(await client.at('f', world.tick())).rows.keys()].sort()).toEqual(['a', 'b']);
  expect(await status()).toBe('ok');
});

it('a fault is logged when it begins, with its stack, and when it ends; not every second', () => {
  const { mend } = breakFlows();
  for (let i = 0; i < 5; i++) world.tick();
  mend();
  for (let i = 0; i < 5; i++) world.tick();
  expect(lines).toMatchObject([
    { level: 50, what: 'flows', err: { message: 'a bug', stack: expect.any(String) } },
    { level: 30, what: 'flows', times: 5 },
  ]);
});

it('a row that cannot be written out ends neither the tick nor the process', async () => {
  const client = await world.connect();
  client.send({ type: 'subscribe', sub: 'f', topic: 'flows' });
  await client.snapshotOf('f');
  world.source.flows.put(flow('a', { opened: 1n as unknown as number }));
  world.tick();
  expect(await status()).toBe('degraded');
  expect(lines).toMatchObject([{ level: 50, what: 'frames' }]);
  world.source.flows.drop('a');
  world.tick();
  expect(await status()).toBe('ok');
});

it('a stopped tracer is not merely degraded', async () => {
  breakFlows();
  world.tick();
  world.source.state = null;
  expect((await world.get('/healthz')).status).toBe(503);
});

it('a table that throws does not break the diagnosis off, nor go unheard', () => {
  const failures: unknown[] = [];
  const broken = {
    collect: () => {
      throw new Error('a bug');
    },
  };
  const sources = {
    flows: broken,
    budgets: new MemoryTable<'budgets'>(),
    failures: new MemoryTable<'failures'>(),
    totals: new MemoryTable<'totals'>(),
  };
  const diagnosis = new Diagnosis(sources, {
    standing: () => new Map(),
    runtimeOf: () => null,
    portsOf: () => null,
    failed: (error) => failures.push(error),
  });
  diagnosis.tick(1000);
  diagnosis.tick(2000);
  expect(failures).toEqual([new Error('a bug'), new Error('a bug')]);
});
