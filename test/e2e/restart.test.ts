/**
 * A restart of the service in the middle of an incident, orderly or by kill -9: the incident goes on with its key, its culprit and its counts,
 * which are lower bounds from then on, and the entries that the last run saw have their owner again.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { IncidentRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { KEPT, Netns } from '../support/netns.js';
import { patient } from '../support/patience.js';
import { type Scope, testScope } from '../support/scope.js';
import { type Service, serviceOf } from '../support/service.js';

const TO = '127.0.0.1:9000';
const PORTS = 100;
const NARROW = { ...KEPT, 'net.ipv4.ip_local_port_range': `40000 ${40_000 + PORTS - 1}` };

async function incidentOf(service: Service, scope: Scope, ready: (row: IncidentRow) => boolean) {
  const rows = (await service.stream(scope)).subscribe('incidents', {});
  return rows.until((all) => all.find((row) => row.kind === 'ports' && ready(row)), 30_000);
}

interface Saved {
  content: { lasting: { row: IncidentRow }[] };
}

/** Calls that failed, as the state directory has them; null: it does not have the incident. */
function savedFailures(state: string, key: string): number | null {
  const file = join(state, 'incidents.json');
  if (!existsSync(file)) return null;
  const { content } = JSON.parse(readFileSync(file, 'utf8')) as Saved;
  return content.lasting.find(({ row }) => row.key === key)?.row.failed ?? null;
}

/** A killed service leaves what is on the disk, and nothing else. */
async function kill({ process }: Service, state: string, { key, failed }: IncidentRow): Promise<void> {
  const isSaved = () => existsSync(join(state, 'owners.json')) && (savedFailures(state, key) ?? -1) >= failed;
  await vi.waitUntil(isSaved, { timeout: patient(30_000), interval: 100 });
  process.signal('SIGKILL');
  await process.exited;
}

const ENDINGS: Record<string, (service: Service, state: string, before: IncidentRow) => Promise<void>> = {
  'an orderly restart': (service) => service.end(),
  'kill -9': kill,
};

it.concurrent.for(Object.keys(ENDINGS))(
  'an incident that is open goes on over %s, and entries keep their owner',
  async (ending, test) => {
    const scope = testScope(test);
    const netns = Netns.create(scope, NARROW);
    const state = join(scope.directory(), 'state');
    const flags = ['--state-dir', state];
    await churnServer(scope, netns, [TO]);
    const first = await serviceOf(scope, netns, ...flags);
    const client = await churnClient(scope, netns, { to: TO, close: 'client', rate: 50, seconds: 90 });
    const before = await incidentOf(first, scope, ({ failed }) => failed >= 20);
    await ENDINGS[ending]?.(first, state, before);
    const saved = savedFailures(state, before.key) ?? Number.POSITIVE_INFINITY;
    expect(saved).toBeGreaterThanOrEqual(before.failed);

    const second = await serviceOf(scope, netns, ...flags);
    /* Until the kernel has announced the client, its entries have no owner. */
    const isWhole = ({ failed, culprits }: IncidentRow) =>
      failed > saved && culprits.length === 1 && culprits[0]?.process.pid === client.pid;
    const after = await incidentOf(second, scope, isWhole);
    expect(after).toMatchObject({ key: before.key, since: before.since, state: 'open', lowerBound: true });
    expect(after.victims.map(({ process }) => process.pid)).toEqual([client.pid]);
    const budgets = (await second.stream(scope)).subscribe('budgets', {});
    const budget = await budgets.until(
      (rows) => rows.find(({ incident }) => incident === before.key),
      10_000,
    );
    expect(budget.used).toBe(PORTS);
    const mine = budget.holders.find(({ process }) => process.pid === client.pid)?.ports ?? 0;
    expect(mine).toBeGreaterThanOrEqual(PORTS / 2);
    const { rows: all } = await second.snapshot('incidents');
    expect(all.filter(({ kind }) => kind === 'ports')).toHaveLength(1);
  },
);
