/** MPTCP: a program holds one socket, the kernel opens TCP connections for it. Each of those is seen, with its owner. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { link, Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { Watch } from '../support/watch.js';

const SCRIPT = join(import.meta.dirname, 'mptcp.py');
const COUNT = 5;
const ENABLED = { 'net.mptcp.enabled': 1 };

/** A server and its clients, whose connections are open. */
async function connected(scope: Scope, [there, here]: [Netns, Netns], address: string, protocol: string) {
  const words = (role: string, spoken: string) => [
    'python3',
    SCRIPT,
    role,
    address,
    '9000',
    String(COUNT),
    spoken,
  ];
  const server = await start(scope, words('server', 'mptcp'), { netns: there });
  const [, acceptor] = await server.printed(/acceptor (\d+)/);
  const client = await start(scope, words('client', protocol), { netns: here });
  await client.printed(/open/);
  return { client, acceptor: Number(acceptor) };
}

const sums = (watch: Watch) =>
  watch.flows().map((row) => [row.direction, row.process.pid, row.opened, row.established, row.closed]);

describe('an MPTCP server', () => {
  it.each([
    ['127.0.0.1', 'mptcp'],
    ['::1', 'mptcp'],
    ['127.0.0.1', 'tcp'],
  ])('owns what it accepted while it is open, at %s from a client of %s', async (address, protocol) => {
    const scope = testScope();
    const netns = Netns.create(scope, ENABLED);
    const watch = await Watch.start(scope, [netns]);
    const { client, acceptor } = await connected(scope, [netns, netns], address, protocol);
    const open = () => watch.flows().reduce((sum, row) => sum + (row.established ?? 0), 0);
    const opened = () => watch.flows().reduce((sum, row) => sum + (row.opened ?? 0), 0);
    await watch.until(() => open() === 2 * COUNT && opened() === 2 * COUNT, 'both ends');
    expect(sums(watch).sort()).toEqual([
      ['in', acceptor, COUNT, COUNT, 0],
      ['out', client.pid, COUNT, COUNT, 0],
    ]);
    client.write('\n');
    await watch.until(() => sums(watch).every(([, , , , closed]) => closed === COUNT), 'closes');
    expect(sums(watch).sort()).toEqual([
      ['in', acceptor, COUNT, 0, COUNT],
      ['out', client.pid, COUNT, 0, COUNT],
    ]);
  });
});

it('further subflows, which the kernel opens by itself, belong to who connected and who accepted', async () => {
  const scope = testScope();
  const [there, here] = [Netns.create(scope, ENABLED), Netns.create(scope, ENABLED)];
  link(there, here, [['10.77.0.1/24', '10.77.0.2/24']]);
  here.address('10.77.0.3/32');
  for (const netns of [there, here]) netns.exec('ip', 'mptcp', 'limits', 'set', 'subflow', '2');
  const watch = await Watch.start(scope, [there, here]);
  const { client, acceptor } = await connected(scope, [there, here], '10.77.0.1', 'mptcp');
  const open = () => watch.flows().reduce((sum, row) => sum + (row.established ?? 0), 0);
  await watch.until(() => open() === 2 * COUNT, 'both ends of the first subflows');
  here.exec('ip', 'mptcp', 'endpoint', 'add', '10.77.0.3', 'subflow');
  await watch.until(() => open() === 4 * COUNT, 'both ends of all');
  expect(sums(watch).sort()).toEqual([
    ['in', acceptor, 2 * COUNT, 2 * COUNT, 0],
    ['out', client.pid, 2 * COUNT, 2 * COUNT, 0],
  ]);
  client.write('\n');
  await watch.until(() => sums(watch).every(([, , , , closed]) => closed === 2 * COUNT), 'closes');
  expect(sums(watch).sort()).toEqual([
    ['in', acceptor, 2 * COUNT, 0, 2 * COUNT],
    ['out', client.pid, 2 * COUNT, 0, 2 * COUNT],
  ]);
});
