/**
 * A service's address that leads to a server by DNAT, as Kubernetes and Docker have it: a client's row shows the server behind it, where both sockets
 * are here and nothing else could be meant; with the client's address translated too, or two servers behind one address, it shows none.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { FlowRow } from '../../src/protocol/rows.js';
import { program } from '../support/misconfigured.js';
import { link, Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { redis } from '../support/programs.js';
import { fileScope } from '../support/scope.js';
import { startService } from '../support/service.js';
import type { Table } from '../support/stream.js';

const VIRTUAL = '10.96.0.10';
const [CLIENT, SERVER, OTHER] = ['10.89.1.2', '10.89.2.2', '10.89.3.2'];
/** Each with one connection. */
const CLIENTS = 8;
const scope = fileScope();

/** A client, the router between, and a server: with the same addresses in each stack. */
class Stack {
  readonly client = Netns.create(scope);
  readonly server = Netns.create(scope);
  readonly router = Netns.create(scope);

  constructor() {
    this.join(this.client, CLIENT);
    this.join(this.server, SERVER);
    this.router.sysctl({ 'net.ipv4.ip_forward': 1 });
  }

  join(netns: Netns, address: string): void {
    const gateway = address.replace(/\d+$/, '1');
    link(this.router, netns, [[`${gateway}/24`, `${address}/24`]]);
    netns.exec('ip', 'route', 'add', 'default', 'via', gateway);
  }

  /** A port of the virtual address leads to one of a server. */
  lead(port: number, to: string, ...match: string[]): this {
    const rule = ['-A', 'PREROUTING', '-p', 'tcp', '-d', VIRTUAL, '--dport', String(port), ...match];
    this.nat(...rule, '-j', 'DNAT', '--to-destination', to);
    return this;
  }

  nat(...words: string[]): void {
    this.router.exec('iptables', '-w', '-t', 'nat', ...words);
  }
}

const [left, right, hidden, balanced] = [new Stack(), new Stack(), new Stack(), new Stack()];
const second = Netns.create(scope);
const servers: number[] = [];
let flows: Table<FlowRow>;

beforeAll(async () => {
  hidden.lead(80, `${SERVER}:8080`);
  for (const stack of [left, right]) stack.lead(6380, `${SERVER}:6379`);
  hidden.nat('-A', 'POSTROUTING', '-j', 'MASQUERADE');
  balanced.join(second, OTHER);
  balanced.lead(80, `${OTHER}:8080`, '-m', 'statistic', '--mode', 'nth', '--every', '2', '--packet', '0');
  balanced.lead(80, `${SERVER}:8080`);
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

const rowsOf = (rows: readonly FlowRow[], { client }: Stack, port: number) =>
  rows.filter(({ netns, destination }) => netns === client.inode && destination.port === port);
const peersOf = (rows: readonly FlowRow[]) =>
  rows.map(({ destination }) => destination.peer?.process.pid ?? null).filter((pid) => pid !== null);

describe('behind a translated address', () => {
  /* A client says nothing when accept() came late, or when somebody else on the machine used its port at that time. */
  it('the server is shown: in two stacks with the same addresses each client its own', async () => {
    const both = await flows.until((rows) => {
      const found = [left, right].map((stack) => peersOf(rowsOf(rows, stack, 6380)));
      return found.every(({ length }) => length >= 3) && found;
    }, 60_000);
    expect(both.map((pids) => [...new Set(pids)])).toEqual(servers.map((pid) => [pid]));
  });

  it.each([
    ['the client’s address is translated too', hidden],
    ['two servers are behind it', balanced],
  ])('nobody is shown where %s', (_, stack) => {
    const rows = rowsOf([...flows.rows.values()], stack, 80);
    expect(rows.map(({ established }) => established)).toEqual([95]);
    expect(peersOf(rows)).toEqual([]);
  });
});
