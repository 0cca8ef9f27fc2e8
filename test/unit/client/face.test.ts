/** The library `portchurn/client` against the real server, in front of tables that the test fills. */
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { streamUrl } from '../../../src/client/connection.js';
import type { ServiceAddress } from '../../../src/client/errors.js';
import { type Platform, PlatformClient } from '../../../src/client/face/client.js';
import { Feed } from '../../../src/client/face/feed.js';
import { connect } from '../../../src/client/face/node.js';
import type { Client, ConnectOptions } from '../../../src/client/face/types.js';
import { authorization } from '../../../src/client/http.js';
import { SUBPROTOCOL } from '../../../src/protocol/names.js';
import { event, flow } from '../publish/rows.js';
import { MemorySource, World } from '../publish/world.js';

const TOKEN = 'a-token';
/** Of one client at the same time (docs/protocol.md). */
const MOST_SUBSCRIPTIONS = 32;
const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

type Options = Parameters<typeof World.start>[0];

async function service(options: Options = {}): Promise<World> {
  const world = await World.start(options);
  ending.push(() => world.stop());
  return world;
}

function clientOf(url: string, options?: ConnectOptions): Client {
  const client = connect(url, options);
  ending.push(() => client.close());
  return client;
}

const socketOf = (address: ServiceAddress) =>
  new WebSocket(streamUrl(address.url), [SUBPROTOCOL], { headers: authorization(address) });

const keys = ({ value }: IteratorResult<{ key: string }[]>) => value.map(({ key }: { key: string }) => key);

describe('a table', () => {
  it('is given as it is, and again when it has changed', async () => {
    const world = await service();
    world.source.flows.put(flow('a'), flow('b'));
    world.tick();
    const rows = clientOf(world.url).table('flows', { sort: 'key' });
    expect(keys(await rows.next())).toEqual(['a', 'b']);
    world.source.flows.put(flow('c'));
    world.source.flows.drop('a');
    world.tick();
    expect(keys(await rows.next())).toEqual(['b', 'c']);
  });

  it('is no longer subscribed to when its loop is left: there may be any number, one after the other', async () => {
    const world = await service();
    world.tick();
    const client = clientOf(world.url);
    for (let loop = 0; loop < 2 * MOST_SUBSCRIPTIONS; loop++)
      for await (const rows of client.table('flows')) {
        expect(rows).toEqual([]);
        break;
      }
  });

  it('with a wrong filter throws what the service says', async () => {
    const world = await service();
    const rows = clientOf(world.url).table('flows', { filter: 'pid:' });
    await expect(rows.next()).rejects.toMatchObject({ code: 'BAD_FILTER', column: expect.any(Number) });
    expect(await rows.next()).toEqual({ done: true, value: undefined });
  });

  it('goes on with the next run of the service', async () => {
    const first = await World.start();
    const { port } = new URL(first.url);
    first.source.flows.put(flow('before'));
    first.tick();
    const phases: string[] = [];
    const rows = clientOf(first.url, { onLink: ({ phase }) => phases.push(phase) }).table('flows');
    expect(keys(await rows.next())).toEqual(['before']);
    await first.stop();
    const source = new MemorySource();
    source.flows.put(flow('after'));
    const second = await service({ source, listen: [{ host: '127.0.0.1', port: Number(port) }] });
    second.tick();
    expect(keys(await rows.next())).toEqual(['after']);
    expect(phases).toEqual(expect.arrayContaining(['connecting', 'open', 'lost']));
  });
});

it('events come as they happen, and what was dropped is counted', async () => {
  const world = await service();
  const batches = clientOf(world.url).events({ filter: 'errno:EADDRNOTAVAIL' });
  expect((await batches.next()).value).toEqual({ events: [], dropped: 0 });
  const failed = event({ type: 'failed', errno: 'EADDRNOTAVAIL' });
  world.source.emit([failed, event({ type: 'closed', errno: null })], 2);
  world.tick();
  expect((await batches.next()).value).toEqual({ events: [failed], dropped: 2 });
});

describe('a service that asks for a token', () => {
  it('answers who has it, and says no to others', async () => {
    const { url } = await service({ token: TOKEN });
    expect((await clientOf(url, { token: TOKEN }).table('flows').next()).value).toEqual([]);
    const refused = clientOf(url, { token: 'another' });
    await expect(refused.table('flows').next()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(await refused.events().next()).toEqual({ done: true, value: undefined });
  });

  it('is asked again when the platform has proved who it is, as a browser does', async () => {
    const { url } = await service({ token: TOKEN });
    const sockets: (string | null)[] = [];
    let session: string | null = null;
    const platform: Platform = {
      open(address) {
        sockets.push(session);
        return socketOf({ ...address, token: session });
      },
      sendsToken: false,
      authorize: async ({ token }) => {
        session = token;
        return true;
      },
    };
    const client = new PlatformClient(platform, url, { token: TOKEN });
    ending.push(() => client.close());
    expect((await client.table('flows').next()).value).toEqual([]);
    expect(sockets).toEqual([null, TOKEN]);
  });
});

it('close() ends every loop', async () => {
  const { url } = await service();
  const client = clientOf(url);
  const [rows, batches] = [client.table('flows'), client.events()];
  client.close();
  expect(await Promise.all([rows.next(), batches.next(), client.table('totals').next()])).toEqual(
    Array(3).fill({ done: true, value: undefined }),
  );
});

it('what a slow loop has not taken is merged; what came before the end is given out', async () => {
  const left: string[] = [];
  const feed = new Feed<number>(
    (before, next) => before + next,
    () => left.push('left'),
  );
  feed.push(1);
  feed.push(2);
  feed.end(new Error('gone'));
  feed.push(3);
  expect(await feed.next()).toEqual({ done: false, value: 3 });
  await expect(feed.next()).rejects.toThrow('gone');
  expect(await feed.next()).toEqual({ done: true, value: undefined });
  expect(left).toEqual(['left']);
});
