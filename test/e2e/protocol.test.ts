/**
 * The protocol as somebody else would use it: a client that knows the contract and nothing else rebuilds every table of the
 * real service under real connections, and starts over when the service was killed. Hidden arguments are on no surface.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { churnClient, churnServer } from '../support/churngen.js';
import { counting } from '../support/counters.js';
import { KEPT, Netns } from '../support/netns.js';
import { must, run, start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { type Service, startService } from '../support/service.js';
import { byKey, ContractClient, type State } from './contract-client.js';

type Wish = Record<string, string | number>;

const QUICK = ['--interval', '250'];
const ROUNDS = 12;
const SECONDS = 60;
const OPEN = 7;
const GONE = 50;

/** Every topic, filter key by kind, sort, group. `inside` keeps the machine's other traffic out. */
const wishes = (inside: string): Record<string, Wish> => ({
  totals: { topic: 'totals' },
  oneTotal: { topic: 'totals', filter: inside, sort: 'name' },
  flows: { topic: 'flows', filter: inside, limit: 5000 },
  largest: { topic: 'flows', filter: inside, sort: '-opened', limit: 3 },
  nearest: { topic: 'flows', filter: inside, sort: 'destination.port', limit: 2 },
  slowest: { topic: 'flows', filter: `${inside} dir:out`, sort: '-lifetimeMs.p99', limit: 4 },
  filtered: { topic: 'flows', filter: `${inside} dst:127.0.0.0/8 port:>9000 !process:/^curl/ opened:>1` },
  programs: { topic: 'flows', filter: inside, group: 'program' },
  units: { topic: 'flows', filter: inside, group: 'unit', sort: '-closed', limit: 1 },
  destinations: { topic: 'flows', filter: `${inside} dir:out`, group: 'destination', limit: 2 },
  namespaces: { topic: 'flows', filter: inside, group: 'netns' },
  budgets: { topic: 'budgets', filter: inside },
  fullest: { topic: 'budgets', filter: inside, sort: '-used', limit: 1 },
  failures: { topic: 'failures', filter: `${inside} errno:ECONNREFUSED` },
  culprit: { topic: 'failures', filter: `${inside} program:churngen`, sort: '-count', limit: 1 },
  findings: { topic: 'findings', filter: inside },
  verdict: { topic: 'verdict' },
});

interface Body {
  seq: number;
  epoch: string;
  topics: Record<string, State>;
}

/** What HTTP says and what the client has at the same tick. */
async function compare(service: Service, client: ContractClient, sub: string, wish: Wish): Promise<void> {
  const body = await service.get<Body>('/api/v1/snapshot', wish);
  const { rows, total, other } = body.topics[wish.topic as string] as State;
  const mine = await client.at(sub, body.seq);
  expect(mine, `${sub} at ${body.seq}`).toEqual({ rows: byKey(rows), total, other });
}

async function compareAll(
  service: Service,
  client: ContractClient,
  all: Readonly<Record<string, Wish>>,
): Promise<void> {
  await Promise.all(Object.entries(all).map(([sub, wish]) => compare(service, client, sub, wish)));
}

async function servers(scope: Scope, netns: Netns): Promise<void> {
  await churnServer(scope, netns, ['127.0.0.1:9001=peer', '127.0.0.1:9002=first', '127.0.0.1:9003=peer']);
}

/** Opens, closes, failures, and processes that come and go, for as long as the test takes. */
async function churn(scope: Scope, netns: Netns): Promise<void> {
  const seconds = { seconds: SECONDS, rate: 40 };
  const to = ['127.0.0.1:9001', '127.0.0.1:9002', '127.0.0.1:9003', '127.0.0.1:9'];
  await churnClient(scope, netns, { to, ...seconds });
  await churnClient(scope, netns, { to: '127.0.0.1:9003', ...seconds, 'per-child': 1, close: 'client' });
}

it.concurrent('a client that knows only the contract rebuilds every table from deltas', async ({
  onTestFinished,
}) => {
  const scope = testScope({ onTestFinished });
  const netns = Netns.create(scope);
  const service = await startService(scope, ...QUICK);
  await servers(scope, netns);
  const client = await ContractClient.open(scope, service.url);
  const all = wishes(`netns:${netns.inode}`);
  for (const [sub, wish] of Object.entries(all)) client.subscribe(sub, wish);
  await churn(scope, netns);
  await until(client, 'failures', (state) => state.rows.length > 0, service, all);
  for (let round = 0; round < ROUNDS; round++) await compareAll(service, client, all);
  const moved = ['oneTotal', 'flows', 'largest', 'programs', 'budgets', 'failures', 'culprit'];
  for (const sub of moved) expect(client.deltasOf(sub), sub).toBeGreaterThan(ROUNDS);
});

async function until(
  client: ContractClient,
  sub: string,
  isThere: (state: State) => boolean,
  service: Service,
  all: Record<string, Wish>,
): Promise<State> {
  for (;;) {
    const { seq } = await service.get<Body>('/api/v1/snapshot', all[sub] as Wish);
    const state = await client.at(sub, seq);
    if (isThere(state)) return state;
  }
}

it.concurrent('killed and started again, the service has a new epoch and right tables', async ({
  onTestFinished,
}) => {
  const scope = testScope({ onTestFinished });
  const netns = Netns.create(scope, KEPT);
  const first = await startService(scope, ...QUICK);
  await servers(scope, netns);
  const grown = counting(netns);
  await churnClient(scope, netns, { to: '127.0.0.1:9001', count: OPEN, 'hold-ms': 60_000 });
  const close = { count: GONE, close: 'client' };
  await (await churnClient(scope, netns, { to: '127.0.0.1:9003', ...close })).done();
  const all = wishes(`netns:${netns.inode}`);
  const before = await ContractClient.open(scope, first.url);
  before.subscribe('oneTotal', all.oneTotal as Wish);
  const opened = (state: State) => state.rows[0]?.opened === 2 * (OPEN + GONE);
  await until(before, 'oneTotal', opened, first, all);
  expect(grown('Tcp.ActiveOpens')).toBe(OPEN + GONE);

  first.process.signal('SIGKILL');
  await before.gone();
  await first.process.exited;
  const second = await startService(scope, '--listen', new URL(first.url).host, ...QUICK);
  const after = await ContractClient.open(scope, second.url);
  for (const [sub, wish] of Object.entries(all)) after.subscribe(sub, wish);
  await compareAll(second, after, all);
  expect(second.url).toBe(first.url);
  expect(after.epoch).not.toBe(before.epoch);
  const audited = (state: State) => state.rows[0]?.timeWait === GONE;
  const { rows } = await until(after, 'oneTotal', audited, second, all);
  expect(rows).toMatchObject([{ opened: 0, closed: 0, states: { established: 2 * OPEN } }]);
  const flows = await until(after, 'flows', (state) => state.rows.length > 0, second, all);
  const held = flows.rows.filter((row) => row.direction === 'out' && row.established !== 0);
  expect(held).toMatchObject([{ preexisting: OPEN, established: OPEN, opened: 0, closed: 0 }]);
  await (await churnClient(scope, netns, { to: '127.0.0.1:9003', ...close })).done();
  await until(after, 'oneTotal', (state) => state.rows[0]?.opened === 2 * GONE, second, all);
});

it.concurrent('with --redact no argument of any program is on any surface', async ({ onTestFinished }) => {
  const scope = testScope({ onTestFinished });
  const netns = Netns.create(scope);
  const service = await startService(scope, '--redact', ...QUICK);
  await servers(scope, netns);
  const client = await ContractClient.open(scope, service.url);
  const stream = await lines(
    scope,
    `${service.url}api/v1/stream.ndjson?topic=events&filter=netns:${netns.inode}`,
  );
  const script = join(scope.directory(), 'hushhush.sh');
  writeFileSync(
    script,
    'for i in 1 2 3; do curl -s -m 1 -H "X: hushhush" http://127.0.0.1:$1/; done; true\n',
  );
  for (const port of ['9002', '9'])
    await must(['bash', '-c', 'bash "$0" "$1"; true', script, port], { netns });
  const named = 'exec -a "hushhush=1" curl -s -m 1 http://127.0.0.1:9/';
  for (let i = 0; i < 3; i++) await run(['bash', '-c', named], { netns });
  const all = wishes(`netns:${netns.inode}`);
  client.subscribe('failures', all.failures as Wish);
  await until(client, 'failures', (state) => state.rows.length > 0, service, all);
  await stream.printed(/"type":"failed"/);
  const surfaces = await Promise.all(
    ['api/v1/snapshot', 'api/v1/history', 'metrics', 'healthz'].map(async (path) =>
      (await fetch(service.url + path)).text(),
    ),
  );
  expect(surfaces[0]).toContain('curl …');
  expect(surfaces[2]).toContain('program="curl');
  for (const text of [...surfaces, stream.stdout, service.process.stderr])
    expect(text).not.toContain('hushhush');
});

/** curl, which prints the stream; ready once it listens. */
async function lines(scope: Scope, url: string) {
  const running = await start(scope, ['curl', '-sN', url]);
  scope.use({ end: () => running.signal('SIGKILL') });
  await running.printed(/"type":"events"/);
  return running;
}
