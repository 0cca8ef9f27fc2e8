/** Topic `ports`: the map of one budget, once a second to whoever looks, and to nobody else. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ErrorFrame, PortsFrame, ServerFrame } from '../../../../src/protocol/frames.js';
import { PORTS_INTERVAL_MS } from '../../../../src/protocol/names.js';
import type { PortMap } from '../../../../src/protocol/ports/schema.js';
import { portMapFault } from '../../../../src/protocol/validate.js';
import { Hub } from '../../../../src/publish/hub.js';
import { budget, proc } from '../rows.js';
import { MemorySource, type TestClient, World } from '../world.js';

const KEY = '1/10.0.0.1/[2001:db8::9]:443';

/** Any key but `nosuch` has a map, which takes some slices to make. */
class PortsSource extends MemorySource {
  readonly made: string[] = [];
  readonly gone = new Set(['nosuch']);
  readonly ports = {
    has: (key: string) => !this.gone.has(key),
    map: (key: string, now: number) => this.slices(key, now),
  };

  private *slices(key: string, time: number): Generator<void, PortMap | null> {
    yield;
    yield;
    this.made.push(key);
    const owners = [{ process: proc({ comm: '"<b>\u001b' }), program: null }];
    return this.gone.has(key) ? null : { time, budget: key, first: 32_768, owners, cells: 'AAEAAA==' };
  }
}

let world: World;
let source: PortsSource;
let now: number;
beforeEach(async () => {
  source = new PortsSource();
  world = await World.start({ source });
  now = Date.now();
});
afterEach(() => world.stop());

/** One publish tick, a second after the one before. */
function tick(): void {
  now += PORTS_INTERVAL_MS;
  world.hub.publish(now);
}

const mapsOf = (client: TestClient, sub: string) =>
  client.frames.filter((frame): frame is PortsFrame => frame.type === 'ports' && frame.sub === sub);
const isError = (frame: ServerFrame): frame is ErrorFrame => frame.type === 'error';
const subscribe = (client: TestClient, sub: string, key: string) =>
  client.send({ type: 'subscribe', sub, topic: 'ports', budget: key });

describe('topic ports', () => {
  it('sends the whole map at once and then at every tick, and nothing is made after the end', async () => {
    const client = await world.connect();
    subscribe(client, 'p', KEY);
    const first = await client.until((frame) => frame.type === 'ports');
    expect(first).toMatchObject({ sub: 'p', budget: KEY, first: 32_768, cells: 'AAEAAA==' });
    tick();
    await vi.waitFor(() => expect(mapsOf(client, 'p')).toHaveLength(2));
    const [before, after] = mapsOf(client, 'p') as [PortsFrame, PortsFrame];
    expect([after.seq - before.seq, after.time > before.time]).toEqual([1, true]);
    client.send({ type: 'unsubscribe', sub: 'p' });
    await vi.waitFor(() => expect(world.hub.hasSubscriptions).toBe(false));
    const { length } = source.made;
    tick();
    await world.snapshot();
    expect(source.made).toHaveLength(length);
  });

  it('is listed in hello, only where the source knows single ports', async () => {
    const bare = await World.start();
    try {
      const hello = await (await bare.connect()).until((frame) => frame.type === 'hello');
      expect(hello).toMatchObject({ topics: expect.not.arrayContaining(['ports']) });
    } finally {
      await bare.stop();
    }
    const hello = await (await world.connect()).until((frame) => frame.type === 'hello');
    expect(hello).toMatchObject({ topics: expect.arrayContaining(['ports']) });
  });

  it('makes one map for all who watch a budget', async () => {
    const [a, b] = [await world.connect(), await world.connect()];
    subscribe(a, 'a', KEY);
    subscribe(b, 'b', KEY);
    await a.until((frame) => frame.type === 'ports');
    await b.until((frame) => frame.type === 'ports');
    expect(source.made).toEqual([KEY]);
    tick();
    await vi.waitFor(() =>
      expect([mapsOf(a, 'a'), mapsOf(b, 'b')].map(({ length }) => length)).toEqual([2, 2]),
    );
    expect(source.made).toEqual([KEY, KEY]);
  });

  it('sends the map that there is to a client that starts over', async () => {
    const client = await world.connect();
    subscribe(client, 'p', KEY);
    await client.until((frame) => frame.type === 'ports');
    client.send({ type: 'resync', sub: 'p' });
    await vi.waitFor(() => expect(mapsOf(client, 'p')).toHaveLength(2));
    expect(source.made).toEqual([KEY]);
  });

  it('is sent once a second, however often the tables are', async () => {
    const log = { error: () => {}, info: () => {} };
    const hub = new Hub({ source, intervalMs: 250, version: '', host: '', kernel: '', log });
    const sent: unknown[] = [];
    const client = hub.connect({ send: (frame) => sent.push(frame), backedUp: false });
    client.receive({ type: 'subscribe', sub: 'p', topic: 'ports', budget: KEY });
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    for (let quarter = 1; quarter <= 4; quarter++) {
      expect(sent).toHaveLength(2);
      hub.publish(now + quarter * 250);
    }
    await vi.waitFor(() => expect(sent).toHaveLength(3));
    client.close();
  });

  it.each([
    ['an unknown budget', { budget: 'nosuch' }, 'NOT_FOUND'],
    ['no budget', {}, 'USAGE'],
    ['a filter', { budget: KEY, filter: 'pid:1' }, 'USAGE'],
    ['a key longer than any', { budget: 'x'.repeat(257) }, 'BAD_FRAME'],
  ])('refuses %s', async (_, about, code) => {
    const client = await world.connect();
    client.send({ type: 'subscribe', sub: 'p', topic: 'ports', ...about });
    expect(await client.until(isError)).toMatchObject({ code, sub: 'p' });
    expect(world.hub.hasSubscriptions).toBe(false);
  });

  it('takes a budget, and no other topic does', async () => {
    const client = await world.connect();
    client.send({ type: 'subscribe', sub: 'f', topic: 'flows', budget: KEY });
    expect(await client.until(isError)).toMatchObject({ code: 'USAGE', sub: 'f' });
  });

  it('ends with NOT_FOUND when the budget has ended, and the other subscriptions go on', async () => {
    const client = await world.connect();
    subscribe(client, 'p', KEY);
    subscribe(client, 'q', 'other');
    await client.until((frame) => frame.type === 'ports' && frame.sub === 'q');
    source.gone.add(KEY);
    tick();
    expect(await client.until(isError)).toMatchObject({ code: 'NOT_FOUND', sub: 'p' });
    await vi.waitFor(() => expect(mapsOf(client, 'q')).toHaveLength(2));
  });

  it('is of 16 budgets at most, whoever asks', async () => {
    const client = await world.connect();
    for (let i = 0; i <= 16; i++) subscribe(client, `p${i}`, `budget ${i}`);
    expect(await client.until(isError)).toMatchObject({ code: 'TOO_MANY', sub: 'p16' });
    const other = await world.connect();
    subscribe(other, 'known', 'budget 3');
    await other.until((frame) => frame.type === 'ports');
  });

  it('shows no budget that a service-wide filter hides', async () => {
    const filtered = await World.start({ source, filter: 'dst:10.0.0.9' });
    try {
      source.budgets.put(
        budget('seen', { destination: { address: '10.0.0.9', port: 80 } }),
        budget('unseen', { destination: { address: '10.0.0.7', port: 80 } }),
      );
      const client = await filtered.connect();
      subscribe(client, 's', 'seen');
      await client.until((frame) => frame.type === 'ports');
      subscribe(client, 'u', 'unseen');
      expect(await client.until(isError)).toMatchObject({ code: 'NOT_FOUND', sub: 'u' });
      expect((await filtered.get('/api/v1/ports?budget=unseen')).status).toBe(404);
    } finally {
      await filtered.stop();
    }
  });

  it('is a line per tick over HTTP, too', async () => {
    const end = new AbortController();
    const query = new URLSearchParams({ topic: 'ports', budget: KEY });
    const response = await world.get(`/api/v1/stream.ndjson?${query}`, { signal: end.signal });
    const lines = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('"type":"ports"')) text += (await lines?.read())?.value;
    end.abort();
    expect(text).toContain(`"budget":${JSON.stringify(KEY)}`);
  });
});

describe('GET /api/v1/ports', () => {
  it('gives the map of one budget', async () => {
    const response = await world.get(`/api/v1/ports?budget=${encodeURIComponent(KEY)}`);
    const body = await response.json();
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(portMapFault(body)).toBeNull();
    expect(body).toMatchObject({ budget: KEY, first: 32_768, owners: [{ process: { comm: '"<b>\u001b' } }] });
  });

  it.each([
    ['?budget=nosuch', 404, 'NOT_FOUND'],
    ['?budgets=x', 400, 'USAGE'],
  ])('refuses %s', async (query, status, code) => {
    const response = await world.get(`/api/v1/ports${query}`);
    expect([response.status, await response.json()]).toMatchObject([status, { code }]);
  });
});
