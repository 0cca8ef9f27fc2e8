/**
 * A service's address that leads to a server by DNAT, as Kubernetes and Docker have it: a client's row shows the server behind it, where both sockets
 * are here and nothing else could be meant; with the client's address translated too, or two servers behind one address, it shows none.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { FlowRow } from '../../src/protocol/rows.js';
import { program } from '../support/misconfigured.js';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { redis } from '../support/programs.js';
import { fileScope } from '../support/scope.js';
import { startService } from '../support/service.js';
import { OTHER, peersOf, SERVER, Stack, VIRTUAL } from '../support/stack.js';
import type { Table } from '../support/stream.js';

/** Each with one connection. */
const CLIENTS = 8;
const scope = fileScope();
const newStack = () => new Stack(scope);
const [left, right, hidden, balanced] = [newStack(), newStack(), newStack(), newStack()];
const second = Netns.create(scope);
const servers: number[] = [];
let flows: Table<FlowRow>;

beforeAll(async () => {
  hidden.lead(80, `${SERVER}:8080`);
  for (const stack of [left, right]) stack.lead(6380, `${SERVER}:6379`);
  hidden.masquerade();
  balanced.join(second, OTHER);
  balanced.balance(80, `${OTHER}:8080`, `${SERVER}:8080`);
  for (const { server } of [left, right])
    servers.push((await redis(scope, server, { address: SERVER })).process.pid);
  for (const { server } of [hidden, balanced]) await program(scope, server, 'server.mjs', SERVER, 8080);
  await program(scope, second, 'server.mjs', OTHER, 8080);
  const service = await startService(scope);
  flows = (await service.stream(scope)).subscribe('flows', { filter: `dst:${VIRTUAL} dir:out` });
  /* Those that are to be shown none come first: they have been looked at when the others are shown. */
  for (const { client } of [hidden, balanced]) await program(scope, client, 'holds.py', VIRTUAL, 80);
  const asks = ['redis-cli', '-h', VIRTUAL, '-p', '6380', '-r', '-1', '-i', '0.5', 'ping'];
  for (let at = 0; at < CLIENTS; at++)
    for (const { client } of [left, right])
      await (await start(scope, asks, { netns: client })).printed(/PONG/);
});

describe('behind a translated address', () => {
  /* A client says nothing when accept() came late, or when somebody else on the machine used its port at that time. */
  it('the server is shown: in two stacks with the same addresses each client its own', async () => {
    const both = await flows.until((rows) => {
      const found = [left, right].map((stack) => peersOf(stack.rowsOf(rows, 6380)));
      return found.every(({ length }) => length >= 3) && found;
    }, 60_000);
    expect(both.map((pids) => [...new Set(pids)])).toEqual(servers.map((pid) => [pid]));
  });

  it.each([
    ['the client’s address is translated too', hidden],
    ['two servers are behind it', balanced],
  ])('nobody is shown where %s', (_, stack) => {
    const rows = stack.rowsOf([...flows.rows.values()], 80);
    expect(rows.map(({ established }) => established)).toEqual([95]);
    expect(peersOf(rows)).toEqual([]);
  });
});
