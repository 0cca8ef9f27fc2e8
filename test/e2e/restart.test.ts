/**
 * A restart of the service in the middle of an incident: the incident goes on with its key and its counts, and the entries that the last
 * run saw have their owner again.
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { IncidentRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { KEPT, Netns } from '../support/netns.js';
import { type Scope, testScope } from '../support/scope.js';
import { type Service, serviceOf } from '../support/service.js';

const TO = '127.0.0.1:9000';
const PORTS = 100;
const NARROW = { ...KEPT, 'net.ipv4.ip_local_port_range': `40000 ${40_000 + PORTS - 1}` };

async function incidentOf(service: Service, scope: Scope, ready: (row: IncidentRow) => boolean) {
  const rows = (await service.stream(scope)).subscribe('incidents', {});
  return rows.until((all) => all.find((row) => row.kind === 'ports' && ready(row)), 30_000);
}

it('an incident that is open goes on over a restart, and entries keep their owner', async () => {
  const scope = testScope();
  const netns = Netns.create(scope, NARROW);
  const state = join(scope.directory(), 'state');
  const flags = ['--state-dir', state];
  await churnServer(scope, netns, [TO]);
  const first = await serviceOf(scope, netns, ...flags);
  const client = await churnClient(scope, netns, { to: TO, close: 'client', rate: 50, seconds: 60 });
  const before = await incidentOf(first, scope, ({ failed }) => failed >= 20);
  await first.end();

  const second = await serviceOf(scope, netns, ...flags);
  /* Until the kernel has announced the client, its entries have no owner. */
  const isWhole = ({ failed, culprits }: IncidentRow) =>
    failed > before.failed && culprits.length === 1 && culprits[0]?.process.pid === client.pid;
  const after = await incidentOf(second, scope, isWhole);
  expect(after).toMatchObject({ key: before.key, since: before.since, state: 'open' });
  expect(after.victims.map(({ process }) => process.pid)).toEqual([client.pid]);
  const budgets = (await second.stream(scope)).subscribe('budgets', {});
  const budget = await budgets.until((rows) => rows.find(({ incident }) => incident === before.key), 10_000);
  expect(budget.used).toBe(PORTS);
  const mine = budget.holders.find(({ process }) => process.pid === client.pid)?.ports ?? 0;
  expect(mine).toBeGreaterThanOrEqual(PORTS / 2);
  const { rows: all } = await second.snapshot('incidents');
  expect(all.filter(({ kind }) => kind === 'ports')).toHaveLength(1);
});
