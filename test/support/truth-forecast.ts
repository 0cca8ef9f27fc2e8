/**
 * Forecasts against what happens: clients that open at a constant rate until connect() finds no port, all at the same
 * time in namespaces of their own, and what their budgets said on the way.
 */
import { join } from 'node:path';
import type { BudgetRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer, type Flags, type Generator, readLog } from './churngen.js';
import { counting, reaches } from './counters.js';
import { Netns, type Sysctls } from './netns.js';
import type { Scope } from './scope.js';
import { audited, type Budgets } from './truth.js';
import type { Watch } from './watch.js';

export const ADDRESS = '10.9.0.1';
const TO = `${ADDRESS}:9000`;
const FILLS = [0.25, 0.5, 0.75];
const LOOK_MS = 250;

export interface Race {
  sysctls: Sysctls;
  /** Connections per second, of each of the client's processes. */
  rate: number;
  /** Ports that there really are. */
  ports: number;
  client?: Flags;
  /** As churngen has it: "peer" waits for the client's end, "first" ends each connection at once. */
  server?: 'peer' | 'first';
  /** Makes it harder before the race: takes ports away. */
  before?: (scope: Scope, netns: Netns) => Promise<void>;
}

/** What the budget said when it was so full, and what came true; seconds. */
export interface Said {
  fill: number;
  predicted: number | null;
  remaining: number;
}

interface Runner {
  race: Race;
  netns: Netns;
  client: Generator;
  log: string;
  said: { fill: number; atNs: bigint; predicted: number | null }[];
}

async function prepare(scope: Scope, race: Race): Promise<Runner> {
  const netns = Netns.create(scope, race.sysctls);
  netns.address(`${ADDRESS}/32`);
  await churnServer(scope, netns, [`${TO}=${race.server ?? 'peer'}`]);
  await race.before?.(scope, netns);
  const log = join(scope.directory(), 'log');
  const client = await churnClient(scope, netns, {
    ...{ to: TO, count: 70_000, rate: race.rate, log, gate: true, 'stop-on-error': true, seconds: 100 },
    ...race.client,
  });
  return { race, netns, client, log, said: [] };
}

function look({ race, netns, said }: Runner, rows: readonly BudgetRow[]): void {
  const row = rows.find((it) => it.netns === netns.inode && it.destination.port === 9000);
  const next = FILLS[said.length];
  if (row === undefined || next === undefined || (row.used ?? 0) < next * race.ports) return;
  said.push({ fill: next, atNs: process.hrtime.bigint(), predicted: row.exhaustionSeconds });
}

/** When connect() first found no port. */
function failedNs({ log, client }: Runner): bigint {
  const failed = readLog(log).find(({ errno }) => errno === 'EADDRNOTAVAIL');
  if (failed === undefined) throw client.process.complaint('found a port for every connection');
  return failed.closeNs;
}

/** Runs all races at once; what was said in each, in their order. */
export async function race(scope: Scope, watch: Watch, budgets: Budgets, races: Race[]): Promise<Said[][]> {
  const runners: Runner[] = [];
  for (const one of races) runners.push(await prepare(scope, one));
  await audited(
    watch,
    runners.map(({ netns }) => netns),
  );
  for (const { client } of runners) client.go();
  let open = runners.length;
  const ends = runners.map(({ client }) => client.done().finally(() => (open -= 1)));
  while (open > 0) {
    const began = performance.now();
    const rows = budgets.all();
    for (const runner of runners) look(runner, rows);
    await watch.until(() => open === 0 || performance.now() - began > LOOK_MS, 'the next look');
  }
  await Promise.all(ends);
  return runners.map((runner) => {
    const end = failedNs(runner);
    return runner.said.map(({ fill, atNs, predicted }) => ({
      ...{ fill, predicted },
      remaining: Number(end - atNs) / 1e9,
    }));
  });
}

/** Takes ports from everybody: listeners, and connections that were bound before and hold on. */
export async function block(
  scope: Scope,
  netns: Netns,
  listeners: readonly number[],
  bound: number,
): Promise<void> {
  await churnServer(scope, netns, [...listeners.map((port) => `127.0.0.1:${port}`), `${ADDRESS}:9001`]);
  const grown = counting(netns);
  await churnClient(scope, netns, {
    ...{ to: `${ADDRESS}:9001`, bind: `${ADDRESS}:0`, count: bound, 'hold-ms': 600_000 },
  });
  reaches(grown, 'Tcp.ActiveOpens', bound);
}
