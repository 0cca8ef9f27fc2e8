/**
 * Connections that are over in milliseconds, as churn has them, toward an address that is translated on the way: the client's row shows the server
 * behind it, with the client's address translated as well, and the proxy that takes all connections of a pod; with two servers behind one address none.
 */
import { beforeAll, expect, it } from 'vitest';
import type { FlowRow } from '../../src/protocol/rows.js';
import { program } from '../support/misconfigured.js';
import { Netns } from '../support/netns.js';
import { fileScope } from '../support/scope.js';
import { startService } from '../support/service.js';
import { CLIENT, OTHER, peersOf, SERVER, Stack, VIRTUAL } from '../support/stack.js';
import type { Table } from '../support/stream.js';

const scope = fileScope();
const [left, right, hidden, balanced] = [1, 2, 3, 4].map(() => new Stack(scope)) as [
  Stack,
  Stack,
  Stack,
  Stack,
];
const second = Netns.create(scope);
const pod = Netns.create(scope);
const stacks = [left, right, hidden];
const servers: number[] = [];
let flows: Table<FlowRow>;

/** A proxy in the pod takes all its connections. */
function proxied(): void {
  pod.address(`${CLIENT}/32`);
  pod.exec('ip', 'route', 'add', VIRTUAL, 'dev', 'lo');
  const rule = ['-A', 'OUTPUT', '-p', 'tcp', '-d', VIRTUAL, '-j', 'REDIRECT', '--to-ports', '15001'];
  pod.exec('iptables', '-w', '-t', 'nat', ...rule);
}

beforeAll(async () => {
  hidden.masquerade();
  for (const stack of stacks) stack.lead(80, `${SERVER}:8080`);
  balanced.join(second, OTHER);
  balanced.balance(80, `${OTHER}:8080`, `${SERVER}:8080`);
  for (const { server } of [...stacks, balanced])
    servers.push((await program(scope, server, 'server.mjs', SERVER, 8080)).pid);
  await program(scope, second, 'server.mjs', OTHER, 8080);
  proxied();
  const proxy = await program(scope, pod, 'server.mjs', '127.0.0.1', 15_001);
  servers.push(proxy.pid);
  const service = await startService(scope);
  flows = (await service.stream(scope)).subscribe('flows', { filter: `dst:${VIRTUAL} dir:out` });
  await program(scope, balanced.client, 'client-per-request.py', VIRTUAL, 80);
  for (const { client } of [left, hidden]) await program(scope, client, 'client-per-request.py', VIRTUAL, 80);
  for (const client of [right.client, pod])
    await program(scope, client, 'agent-per-request.mjs', VIRTUAL, 80);
});

it('each client shows its own server, also where its own address is translated', async () => {
  const found = await flows.until((rows) => {
    const peers = stacks.map((stack) => peersOf(stack.rowsOf(rows, 80)));
    return peers.every(({ length }) => length === 1) && peers.flat();
  }, 60_000);
  expect(found).toEqual(servers.slice(0, 3));
});

it('nobody is shown where two servers are behind the address', async () => {
  const many = await flows.until(
    (rows) => balanced.rowsOf(rows, 80).find(({ closed }) => (closed ?? 0) > 300),
    60_000,
  );
  expect(many.destination.peer).toBeNull();
});

it('a proxy that takes the connections of its own namespace is who answers', async () => {
  const found = await flows.until((rows) => {
    const peers = peersOf(rows.filter(({ netns }) => netns === pod.inode));
    return peers.length > 0 && peers;
  }, 60_000);
  expect(found).toEqual(servers.slice(-1));
});
