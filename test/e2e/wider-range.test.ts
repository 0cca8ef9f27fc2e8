/**
 * The command that widens the port range, pasted as it is printed: it changes the namespace of the incident alone, what listens there stays
 * reserved and is given to no connection, and its undo restores both settings.
 */
import { execFileSync } from 'node:child_process';
import { beforeAll, expect, it } from 'vitest';
import type { IncidentRemedy, IncidentRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer, type Generator } from '../support/churngen.js';
import { KEPT, Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { fileScope } from '../support/scope.js';
import { startService } from '../support/service.js';
import type { Table } from '../support/stream.js';

const TO = '127.0.0.1:9000';
/** Toward it no port is held. */
const OTHER = '127.0.0.2:9000';
const LISTENS = 20_000;
const RANGE = 'net.ipv4.ip_local_port_range';
const RESERVED = 'net.ipv4.ip_local_reserved_ports';
/** The order of remedies is made ten seconds after an incident opened. */
const ORDERED_MS = 12_000;

const scope = fileScope();
let netns: Netns;
let listener: Generator;
let incidents: Table<IncidentRow>;
let remedy: IncidentRemedy;

const settings = () => [RANGE, RESERVED].map((name) => netns.exec('sysctl', '-n', name).trim());
const hosts = () => execFileSync('sysctl', ['-n', RANGE, RESERVED], { encoding: 'utf8' });
const paste = (command: string | null) => execFileSync('sh', ['-c', command as string], { stdio: 'pipe' });

const mine = (rows: readonly IncidentRow[]) =>
  rows.find((row) => row.netns === netns.inode && row.kind === 'ports');
const wider = (row: IncidentRow | undefined) =>
  row?.remedies.find(({ effect }) => effect?.includes('listen there are reserved'));

/** Local ports that connect() gives until it has none left, all at once. */
function given(range: string): number[] {
  netns.sysctl({ [RANGE]: range });
  const script = [
    'import socket',
    'held = []',
    'try:',
    `    while True: held.append(socket.create_connection(("127.0.0.2", 9000)))`,
    'except OSError: print(*sorted(one.getsockname()[1] for one in held))',
  ].join('\n');
  return netns.exec('python3', '-c', script).trim().split(' ').map(Number);
}

beforeAll(async () => {
  netns = Netns.create(scope, { ...KEPT, [RANGE]: '40000 40049', [RESERVED]: '9500' });
  await churnServer(scope, netns, [TO, OTHER]);
  listener = await churnServer(scope, netns, [`127.0.0.1:${LISTENS}`]);
  const service = await startService(scope);
  incidents = (await service.stream(scope)).subscribe('incidents', { filter: `netns:${netns.inode}` });
  await churnClient(scope, netns, { to: TO, close: 'client', rate: 40, seconds: 600 });
  remedy = await incidents.until((rows) => {
    const row = mine(rows);
    return row !== undefined && Date.now() - row.since > ORDERED_MS && wider(row);
  }, 60_000);
}, 120_000);

it('has the listeners in it, keeps what is reserved, and says where the ports settle', () => {
  expect(remedy).toMatchObject({
    role: 'do-now',
    command: expect.stringContaining(`${RESERVED}="9000,9500,${LISTENS}" ${RANGE}="1024 65535"`),
    undo: expect.stringContaining(`${RANGE}="40000 40049" ${RESERVED}="9500"`),
  });
  expect(remedy.settlesAt).toBeGreaterThan(1000);
});

it('changes this namespace alone, is told as done, and protects a listener while that starts again', async () => {
  const before = hosts();
  paste(remedy.command);
  expect(settings()).toEqual(['1024\t65535', `9000,9500,${LISTENS}`]);
  expect(hosts()).toBe(before);
  const done = await incidents.until((rows) => {
    const found = mine(rows)?.remedies.find(({ text }) =>
      text.startsWith(`Done: ${RANGE} was set to 1024 65535`),
    );
    return found;
  }, 30_000);
  expect(done).toMatchObject({ command: null, undo: remedy.undo });
  await listener.stop();
  expect(given('19999 20002')).toEqual([19_999, 20_001, 20_002]);
});

it('is taken back by its undo, both settings', () => {
  paste(remedy.undo);
  expect(settings()).toEqual(['40000\t40049', '9500']);
  expect(given('19996 20001')).toContain(LISTENS);
});

/** A shell that starts one short program after the other is what an incident often is. */
it('finds its namespace each time while processes come and go', async () => {
  const storm = ['sh', '-c', 'while :; do /bin/true; done'];
  const storms = [await start(scope, storm), await start(scope, storm)];
  for (let times = 0; times < 50; times++) paste(remedy.undo);
  expect(settings()).toEqual(['40000\t40049', '9500']);
  for (const one of storms) await one.stop('SIGTERM').catch(() => undefined);
});
