/**
 * Everything at once, on a machine at load 20: storms of processes and of namespaces, filters that cost what is allowed, clients
 * that do not read, a service that is stopped for a moment, out of descriptors for a while, and whose ring is too small. It
 * answers, its sums are exact or say that they are not, it stays within its memory, and it ends when it is asked to.
 */
import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { TotalsRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { MemoryLimit } from '../support/memory-limit.js';
import { KEPT, Netns } from '../support/netns.js';
import { patient } from '../support/patience.js';
import { type Scope, testScope } from '../support/scope.js';
import { type Service, serviceBy, serviceWords } from '../support/service.js';
import { unitMemory } from '../support/unit.js';
import { answerTimes } from './answers.js';
import { busyLoops } from './busy.js';
import { linkStorm, ownNamespaces } from './storms.js';

const LOOPS = 20;
const [PEER, CLOSED] = ['127.0.0.1:9000', '127.0.0.1:9'];
const [COUNT, RATE] = [2000, 60];
const [ANSWERS, SOON_MS, MOST_LATE] = [100, patient(2000), 5];
const PAUSE_MS = 400;
const ENDS_WITHIN_MS = patient(5000);
const SILENT_CLIENTS = 10;
const FILTERS = [
  '!process:/a.{30}[0-9]/',
  'process:/(x|y|z){20}/ or !destination:/[0-9]+\\.[0-9]+$/',
  'portsHeld:>0',
];

/** Asks for everything and reads nothing. */
function silentClient(scope: Scope, { url }: Service): void {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {}).pause();
  socket.write(`GET /api/v1/snapshot HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(8));
  scope.use({ end: () => void socket.destroy() });
}

/** Until told to stop; what is refused is refused. */
function askMuch(service: Service, signal: AbortSignal): Promise<unknown> {
  const ask = async (filter: string) => {
    while (!signal.aborted) {
      const query = new URLSearchParams({ topic: 'flows', filter, limit: '5000' });
      await fetch(new URL(`/api/v1/snapshot?${query}`, service.url), { signal })
        .then((response) => response.arrayBuffer())
        .catch(() => sleep(PAUSE_MS));
    }
  };
  return Promise.all(FILTERS.map(ask));
}

const limitFiles = ({ pid }: Service, most: number) =>
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${most}:`]);

async function trouble(service: Service): Promise<void> {
  await sleep(5000);
  service.process.signal('SIGSTOP');
  await sleep(1000);
  service.process.signal('SIGCONT');
  await sleep(5000);
  // Room for an answer now and then, none for files of /proc beside it.
  limitFiles(service, 80);
  await sleep(1000);
  limitFiles(service, 4096);
}

const isSettled = (row: TotalsRow | undefined) =>
  row !== undefined &&
  row.failed !== null &&
  row.failed >= COUNT - (row.eventsMissed ?? 0) &&
  (row.opened ?? 0) >= 2 * COUNT;

it('it answers, counts right, and ends', async () => {
  const scope = testScope();
  const [netns, stormed] = [Netns.create(scope, KEPT), Netns.create(scope)];
  await churnServer(scope, netns, [PEER]);
  const memory = MemoryLimit.create(scope, unitMemory());
  const words = serviceWords('--ring-bytes', '65536', '--interval', '500');
  const service = await serviceBy(scope, memory.words(...words));
  const totals = (await service.stream(scope)).subscribe('totals', { filter: `netns:${netns.inode}` });
  await busyLoops(scope, LOOPS);
  for (let i = 0; i < SILENT_CLIENTS; i++) silentClient(scope, service);
  const over = new AbortController();
  const asking = askMuch(service, over.signal);
  const storm = await linkStorm(scope, stormed, { workers: 4, processes: 5000, seconds: 40 });
  const spaces = await ownNamespaces(scope, 100, 5);
  const flags = { to: [PEER, CLOSED], count: 2 * COUNT, rate: 2 * RATE };
  const client = await churnClient(scope, netns, flags);
  const [asked] = await Promise.all([
    answerTimes(service, PAUSE_MS, (answers) => answers < ANSWERS),
    trouble(service),
    client.done(),
    storm.exited,
  ]);
  spaces.closeInput();
  over.abort();
  await asking;

  const times = asked.toSorted((a, b) => a - b);
  const late = times.filter((ms) => ms > SOON_MS);
  const [median, slowest] = [times[ANSWERS / 2], times.at(-1)].map((ms) => Math.round(ms ?? 0));
  console.log(`answers: median ${median} ms, ${late.length} of ${ANSWERS} late, slowest ${slowest} ms`);
  expect(late.length).toBeLessThanOrEqual(MOST_LATE);
  const row = await totals.until(([one]) => isSettled(one) && one, 120_000);
  console.log(JSON.stringify(row));
  expect(row.opened).toBe(2 * COUNT);
  expect(row.failed).toBeLessThanOrEqual(COUNT);
  expect(row.lowerBound || row.failed === COUNT).toBe(true);
  expect(memory.killed).toBe(0);
  console.log(`most memory used: ${Math.round(memory.peakBytes / 2 ** 20)} MiB`);
  const began = performance.now();
  await service.end();
  expect(performance.now() - began).toBeLessThan(ENDS_WITHIN_MS);
});
