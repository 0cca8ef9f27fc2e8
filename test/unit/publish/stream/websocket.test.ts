import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StallDetector, WATCH_MS } from '../../../../src/publish/stream/stall-detector.js';
import { event, flow } from '../rows.js';
import { type TestClient, World } from '../world.js';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

const errors = (client: TestClient) => client.frames.filter((frame) => frame.type === 'error');
async function errorAfter(client: TestClient, frame: Parameters<TestClient['send']>[0]) {
  const before = errors(client).length;
  client.send(frame);
  await client.until(() => errors(client).length > before);
  return errors(client).at(-1);
}

describe('a connection', () => {
  it('begins with hello', async () => {
    const client = await world.connect();
    const hello = await client.until((frame) => frame.type === 'hello');
    expect(hello).toEqual({
      type: 'hello',
      protocol: 1,
      version: '0.0.0-test',
      host: 'testhost',
      kernel: '6.1.0',
      epoch: world.hub.tables.epoch,
      mode: 'ebpf',
      verdictPath: 'ehash',
      limits: [],
      intervalMs: 60_000,
      topics: ['totals', 'flows', 'budgets', 'failures', 'events'],
    });
  });

  it('needs no subprotocol, but takes no other', async () => {
    const client = await world.connect({}, []);
    await client.until((frame) => frame.type === 'hello');
    await expect(world.connect({}, ['portchurn.v9'])).rejects.toThrow('400');
  });

  it.each<[Record<string, unknown> | string, Record<string, unknown>]>([
    ['', { code: 'BAD_FRAME' }],
    ['{"type":"subscribe"', { code: 'BAD_FRAME' }],
    ['[]', { code: 'BAD_FRAME' }],
    ['null', { code: 'BAD_FRAME' }],
    [{}, { code: 'UNKNOWN_TYPE' }],
    [{ type: 'constructor' }, { code: 'UNKNOWN_TYPE' }],
    [
      { type: 'hello', sub: 'x' },
      { code: 'UNKNOWN_TYPE', sub: 'x' },
    ],
    [{ type: 'subscribe', topic: 'flows' }, { code: 'BAD_FRAME' }],
    [{ type: 'subscribe', sub: '', topic: 'flows' }, { code: 'BAD_FRAME' }],
    [{ type: 'subscribe', sub: 'x'.repeat(129), topic: 'flows' }, { code: 'BAD_FRAME' }],
    [
      { type: 'subscribe', sub: 'x', topic: 'nosuch' },
      { code: 'UNKNOWN_TOPIC', sub: 'x' },
    ],
    [
      { type: 'subscribe', sub: 'x', topic: 'flows', limit: 5001 },
      { code: 'BAD_FRAME', sub: 'x' },
    ],
    [
      { type: 'subscribe', sub: 'x', topic: 'flows', limit: '5' },
      { code: 'BAD_FRAME', sub: 'x' },
    ],
    [
      { type: 'subscribe', sub: 'x', topic: 'flows', intervalMs: 0 },
      { code: 'BAD_FRAME', sub: 'x' },
    ],
    [
      { type: 'subscribe', sub: 'x', topic: 'flows', extra: 1 },
      { code: 'BAD_FRAME', sub: 'x' },
    ],
    [
      { type: 'subscribe', sub: 'x', topic: 'flows', group: 'nosuch' },
      { code: 'BAD_FRAME', sub: 'x' },
    ],
    [
      { type: 'subscribe', sub: 'x', topic: 'totals', group: 'unit' },
      { code: 'USAGE', sub: 'x' },
    ],
    [
      { type: 'subscribe', sub: 'x', topic: 'flows', sort: 'nosuch' },
      { code: 'USAGE', sub: 'x' },
    ],
    [
      { type: 'subscribe', sub: 'x', topic: 'events', sort: 'time' },
      { code: 'USAGE', sub: 'x' },
    ],
    [
      { type: 'subscribe', sub: 'x', topic: 'flows', filter: 'ab pid:x' },
      { code: 'BAD_FILTER', sub: 'x', column: 8 },
    ],
    [
      { type: 'subscribe', sub: 'x', topic: 'events', filter: '"' },
      { code: 'BAD_FILTER', sub: 'x', column: 1 },
    ],
    [
      { type: 'unsubscribe', sub: 'x' },
      { code: 'UNKNOWN_SUBSCRIPTION', sub: 'x' },
    ],
    [
      { type: 'resync', sub: 'x' },
      { code: 'UNKNOWN_SUBSCRIPTION', sub: 'x' },
    ],
  ])('answers %j with an error and goes on', async (frame, expected) => {
    const client = await world.connect();
    expect(await errorAfter(client, frame)).toMatchObject({ type: 'error', ...expected });
    client.send({ type: 'subscribe', sub: 'fine', topic: 'flows' });
    await client.snapshotOf('fine');
    expect(world.hub.tables.views).toBe(1);
  });

  it('refuses binary frames and a second subscription of the same name', async () => {
    const client = await world.connect();
    client.socket.send(Buffer.from('{"type":"resync","sub":"x"}'));
    await client.until((frame) => frame.type === 'error' && frame.code === 'BAD_FRAME');
    client.send({ type: 'subscribe', sub: 'x', topic: 'flows' });
    const error = await errorAfter(client, { type: 'subscribe', sub: 'x', topic: 'totals' });
    expect(error).toMatchObject({ code: 'SUBSCRIPTION_EXISTS', sub: 'x' });
  });

  it('has at most 32 subscriptions', async () => {
    const client = await world.connect();
    for (let i = 0; i < 32; i++)
      client.send({ type: 'subscribe', sub: `s${i}`, topic: 'flows', limit: i + 1 });
    const error = await errorAfter(client, { type: 'subscribe', sub: 'more', topic: 'flows' });
    expect(error).toMatchObject({ code: 'TOO_MANY', sub: 'more' });
  });

  it('closes 1009 when a frame is too long', async () => {
    const client = await world.connect();
    client.send('x'.repeat(64 * 1024 + 1));
    expect(await client.closing()).toBe(1009);
  });

  it('closes 1008 when it floods', async () => {
    const client = await world.connect();
    for (let i = 0; i < 1000; i++) client.send({ type: 'nosuch' });
    expect(await client.closing()).toBe(1008);
    expect(errors(client).length).toBeGreaterThanOrEqual(500);
  });

  it('closes 1008 when it floods with pongs that nobody asked for', async () => {
    const client = await world.connect();
    for (let i = 0; i < 1000; i++) client.socket.pong();
    expect(await client.closing()).toBe(1008);
  });

  it('closes 1001 when the service stops', async () => {
    const client = await world.connect();
    client.send({ type: 'subscribe', sub: 'e', topic: 'events' });
    await client.eventsOf('e', 0);
    await world.server.stop();
    expect(await client.closing()).toBe(1001);
    expect(world.source.interests.at(-1)).toBeNull();
    world = await World.start();
  });

  it('is refused with 429 when there are too many', async () => {
    const clients = [];
    for (let i = 0; i < 512; i++) clients.push(world.connect());
    await Promise.all(clients);
    await expect(world.connect()).rejects.toThrow('429');
    expect((await world.get('/api/v1/stream.ndjson?topic=flows')).status).toBe(429);
  });
});

describe('events', () => {
  it('come from the moment of the first, empty frame, filtered, once per tick', async () => {
    const client = await world.connect();
    client.send({ type: 'subscribe', sub: 'all', topic: 'events' });
    client.send({ type: 'subscribe', sub: 'fails', topic: 'events', filter: 'errno:ECONN' });
    expect(await client.eventsOf('fails', 0)).toMatchObject({ events: [], dropped: 0 });
    const failed = event({ type: 'failed', errno: 'ECONNREFUSED', cause: 'refused' });
    world.source.emit([event(), failed]);
    world.source.emit([event({ cookie: '2' })], 3);
    const seq = world.tick();
    expect(await client.eventsOf('all', seq)).toMatchObject({
      events: [{}, {}, { cookie: '2' }],
      dropped: 3,
    });
    expect((await client.eventsOf('fails', seq)).events).toEqual([failed]);
    const later = world.tick();
    expect(await client.eventsOf('all', later)).toMatchObject({ events: [], dropped: 0 });
  });

  it('beyond what is kept are counted as dropped', async () => {
    const client = await world.connect();
    client.send({ type: 'subscribe', sub: 'e', topic: 'events' });
    await client.eventsOf('e', 0);
    for (let i = 0; i < 100; i++)
      world.source.emit(Array.from({ length: 100 }, (_, j) => event({ time: i * 100 + j })));
    const frame = await client.eventsOf('e', world.tick());
    expect(frame.events.length + frame.dropped).toBe(10_000);
    expect(frame.events.at(-1)?.time).toBe(9999);
    expect(frame.events[0]?.time).toBe(frame.dropped);
  });

  it('beyond a limit are the newest, and the others are counted as dropped', async () => {
    const client = await world.connect();
    client.send({ type: 'subscribe', sub: 'all', topic: 'events' });
    client.send({ type: 'subscribe', sub: 'few', topic: 'events', limit: 2 });
    await client.eventsOf('few', 0);
    world.source.emit([1, 2, 3].map((time) => event({ time })));
    const seq = world.tick();
    expect(await client.eventsOf('few', seq)).toMatchObject({
      events: [{ time: 2 }, { time: 3 }],
      dropped: 1,
    });
    expect(await client.eventsOf('all', seq)).toMatchObject({ events: [{}, {}, {}], dropped: 0 });
    world.source.emit([event({ time: 4 })]);
    expect(await client.eventsOf('few', world.tick())).toMatchObject({ events: [{ time: 4 }], dropped: 0 });
  });

  it('are requested from the engine only as far as subscriptions need them', async () => {
    const client = await world.connect();
    const { interests } = world.source;
    const sub = (name: string, filter: string) =>
      client.send({ type: 'subscribe', sub: name, topic: 'events', filter });
    sub('a', 'pid:9 dst:10.0.0.0/8');
    sub('b', 'pid:7');
    sub('same', 'pid:7');
    sub('c', 'dst:10.0.0.9');
    await client.eventsOf('c', 0);
    for (const name of ['c', 'a', 'same', 'b']) client.send({ type: 'unsubscribe', sub: name });
    await errorAfter(client, { type: 'unsubscribe', sub: 'none' });
    expect(interests).toEqual([
      { all: false, pids: [9] },
      { all: false, pids: [7, 9] },
      { all: true, pids: [7, 9] },
      { all: false, pids: [7, 9] },
      { all: false, pids: [7] },
      null,
    ]);
  });
});

describe('progress', () => {
  /** A socket whose other end reads nothing until resume. */
  async function pair(): Promise<{ sender: Socket; receiver: Socket; close(): void }> {
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const receiver = connect({ port, host: '127.0.0.1' }).pause();
    const [sender] = (await once(server, 'connection')) as [Socket];
    const close = () => {
      sender.destroy();
      receiver.destroy();
      server.close();
    };
    return { sender, receiver, close };
  }

  /** The result of each check. */
  function checks(progress: StallDetector, from: number, to: number): boolean[] {
    const said: boolean[] = [];
    for (let now = from; now <= to; now += WATCH_MS) said.push(progress.stalled(now));
    return said;
  }

  it('is missing once nothing leaves a full queue for 30 s, and not before', async () => {
    const { sender, receiver, close } = await pair();
    const progress = new StallDetector(sender, true, 0);
    sender.write(Buffer.alloc(64 << 20));
    expect([...checks(progress, 5000, 30_000), progress.stalled(34_999)]).not.toContain(true);
    expect(progress.stalled(35_000)).toBe(true);
    receiver.resume();
    await once(sender, 'drain');
    close();
  });

  it('is made by a slow reader, within one large write too', async () => {
    const { sender, receiver, close } = await pair();
    const progress = new StallDetector(sender, true, 0);
    sender.write(Buffer.alloc(64 << 20));
    for (let now = 10_000; now <= 60_000; now += 10_000) {
      receiver.resume();
      for (let got = 0; got < 8 << 20; ) got += ((await once(receiver, 'data')) as [Buffer])[0].length;
      receiver.pause();
      expect(progress.stalled(now), String(now)).toBe(false);
    }
    close();
  });

  it('with nothing queued is to answer pings', async () => {
    const { sender, close } = await pair();
    const [mute, lines] = [new StallDetector(sender, true, 0), new StallDetector(sender, false, 0)];
    expect([...checks(mute, 5000, 25_000), mute.stalled(29_999)]).not.toContain(true);
    expect([...checks(lines, 5000, 25_000), lines.stalled(29_999)]).not.toContain(true);
    expect([mute.stalled(30_000), lines.stalled(30_000)]).toEqual([true, false]);
    mute.received();
    expect(mute.stalled(31_000)).toBe(false);
    close();
  });

  it('is not asked for of the time in which the service was stopped', async () => {
    const { sender, close } = await pair();
    const progress = new StallDetector(sender, true, 0);
    progress.received();
    expect(checks(progress, 5000, 10_000)).toEqual([false, false]);
    expect(checks(progress, 100_000, 105_000)).toEqual([false, false]);
    expect(checks(progress, 110_000, 115_000)).toEqual([false, true]);
    close();
  });
});

it('a tick with 200 clients on one view makes its text once', async () => {
  const clients = await Promise.all(Array.from({ length: 200 }, () => world.connect()));
  let made = 0;
  const row = flow('a');
  world.source.flows.put(Object.assign(row, { toJSON: () => ({ ...row, made: ++made }) }));
  for (const client of clients) client.send({ type: 'subscribe', sub: 'x', topic: 'flows' });
  await Promise.all(clients.map((client) => client.snapshotOf('x')));
  expect(made).toBe(1);
});
