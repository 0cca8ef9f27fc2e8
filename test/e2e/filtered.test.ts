/**
 * `serve --filter netns:…` on a machine with an incident in each of two namespaces that have the same addresses: rows, verdict and
 * findings are those of one. A service for a third, in which nothing happens, is calm.
 */
import { expect, it } from 'vitest';
import type { FindingRow, VerdictRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { KEPT, Netns } from '../support/netns.js';
import { type Scope, testScope } from '../support/scope.js';
import { type Service, serviceOf } from '../support/service.js';

const PLACE = '127.0.0.1:8080';
const SECONDS = 60;

/** All ports of the range are soon in TIME_WAIT, and connects go on and fail. */
async function incident(scope: Scope, ports: number): Promise<Netns> {
  const range = `30000 ${30_000 + ports - 1}`;
  const netns = Netns.create(scope, { ...KEPT, 'net.ipv4.ip_local_port_range': range });
  await churnServer(scope, netns, [PLACE], { seconds: SECONDS });
  await churnClient(scope, netns, { to: PLACE, rate: 100, seconds: SECONDS });
  return netns;
}

async function critical(scope: Scope, service: Service): Promise<VerdictRow> {
  const said = (await service.stream(scope)).subscribe('verdict');
  return said.until(([row]) => row?.level === 'critical' && row.finding !== null && row, 40_000);
}

it('speaks of what it shows: one of two incidents, or of none', async () => {
  const scope = testScope();
  const quiet = Netns.create(scope);
  const own = await incident(scope, 100);
  const other = await incident(scope, 200);
  const [service, calm] = [await serviceOf(scope, own), await serviceOf(scope, quiet)];
  const verdict = await critical(scope, service);
  expect(verdict.text).toMatch(
    new RegExp(`^Out of ports to ${PLACE.replaceAll('.', '\\.')}( \\(.+\\))?\\. `),
  );

  const { rows: budgets } = await service.snapshot('budgets');
  expect(budgets.map(({ key, netns, limit }) => [key, netns, limit])).toEqual([
    [verdict.budget, own.inode, 100],
  ]);
  const { rows: findings } = await service.snapshot('findings');
  expect(findings.map(({ key }: FindingRow) => key)).toContain(verdict.finding);
  expect(new Set(findings.map(({ netns }) => netns))).toEqual(new Set([own.inode]));

  // The other is in trouble as well: only whoever does not ask for it hears nothing.
  const others = await serviceOf(scope, other);
  expect((await critical(scope, others)).budget).not.toBe(verdict.budget);
  expect((await calm.snapshot('verdict')).rows).toMatchObject([
    { level: 'ok', text: 'Ports are fine. The filter shows no budget.' },
  ]);
  expect((await calm.snapshot('findings')).rows).toEqual([]);
});
