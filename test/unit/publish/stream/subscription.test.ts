import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TableTopic } from '../../../../src/protocol/frames.js';
import { flow, proc, totals } from '../rows.js';
import { bySet, random, type TestClient, World } from '../world.js';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

const QUERIES: Record<string, Record<string, string | number>> = {
  all: {},
  few: { limit: 5, sort: '-opened' },
  fewest: { limit: 7, sort: 'process.comm' },
  filtered: { filter: 'timeWait:>40 !process:curl' },
  filteredFew: { filter: 'dir:out', limit: 3, sort: '-lifetimeMs.p99' },
  program: { group: 'program' },
  unit: { group: 'unit', limit: 2, sort: '-bytesSent' },
  destination: { group: 'destination', filter: 'timeWait:<80' },
  netns: { group: 'netns' },
};

const COMMS = ['ab', 'curl', 'nginx', 'psql'];

function churn(next: (n: number) => number): void {
  const { flows } = world.source;
  for (let i = 0; i < 20; i++) {
    const key = `f${next(60)}`;
    if (next(4) === 0) flows.drop(key);
    else flows.put(randomFlow(key, next));
  }
  if (next(3) === 0) world.source.totals.put(totals(`n${next(3)}`, { opened: next(1000) }));
}

function randomFlow(key: string, next: (n: number) => number) {
  const comm = COMMS[next(4)]!;
  return flow(key, {
    process: proc({ pid: next(9), comm, unit: next(3) === 0 ? null : `${comm}.service` }),
    program: next(8) === 0 ? null : `${comm} (sh)`,
    direction: next(2) === 0 ? 'out' : 'in',
    destination: { address: `10.0.0.${next(3)}`, port: 80 + next(2) },
    netns: 4_026_531_840 + next(2),
    timeWait: next(100),
    opened: next(10) === 0 ? null : next(1000),
    bytesSent: next(1_000_000),
    lifetimeMs: { p50: next(3), p99: next(5) === 0 ? null : next(50) },
    lowerBound: next(10) === 0,
  });
}

async function expectEqual(client: TestClient, sub: string, topic: TableTopic, seq: number): Promise<void> {
  const query = new URLSearchParams({ topic, ...stringified(QUERIES[sub] ?? {}) });
  const body = await world.snapshot(`?${query}`);
  const copy = await client.at(sub, seq);
  const table = body.topics[topic]!;
  expect(body.seq).toBe(copy.seq);
  expect(bySet(copy.rows.values())).toEqual(bySet(table.rows));
  expect({ total: copy.total, other: copy.other }).toEqual({ total: table.total, other: table.other });
}

const stringified = (query: Record<string, string | number>) =>
  Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));

describe('subscriptions', () => {
  it('rebuild every table from deltas, equal to the HTTP snapshot of the same seq', async () => {
    const client = await world.connect();
    const next = random(7);
    for (const [sub, query] of Object.entries(QUERIES))
      client.send({ type: 'subscribe', sub, topic: 'flows', ...query });
    client.send({ type: 'subscribe', sub: 'totals', topic: 'totals' });
    await client.snapshotOf('totals');
    for (let round = 0; round < 60; round++) {
      churn(next);
      const seq = world.tick();
      for (const sub of Object.keys(QUERIES)) await expectEqual(client, sub, 'flows', seq);
      await expectEqual(client, 'totals', 'totals', seq);
    }
    expect(client.copies.get('all')).toMatchObject({ snapshots: 1, deltas: 60 });
  });

  it('share one view when they are equal, and drop it with the last', async () => {
    const clients = await Promise.all([world.connect(), world.connect()]);
    for (const client of clients) {
      client.send({ type: 'subscribe', sub: 'x', topic: 'flows', filter: ' pid:1 ', limit: 9 });
      await client.snapshotOf('x');
    }
    expect(world.hub.tables.views).toBe(1);
    for (const client of clients) {
      client.send({ type: 'unsubscribe', sub: 'x' });
      client.send({ type: 'resync', sub: 'x' });
      await client.until((frame) => frame.type === 'error' && frame.code === 'UNKNOWN_SUBSCRIPTION');
    }
    expect(world.hub.tables.views).toBe(0);
    expect(world.hub.hasSubscriptions).toBe(false);
  });

  it('give back everything when a client vanishes', async () => {
    const client = await world.connect();
    client.send({ type: 'subscribe', sub: 'x', topic: 'flows' });
    client.send({ type: 'subscribe', sub: 'e', topic: 'events' });
    await client.eventsOf('e', 0);
    client.socket.terminate();
    const witness = await world.connect();
    while (world.hub.clients > 1) {
      witness.socket.ping();
      await new Promise((resolve) => witness.socket.once('pong', resolve));
    }
    expect([world.hub.tables.views, world.hub.hasSubscriptions]).toEqual([0, false]);
    expect(world.source.interests.at(-1)).toBeNull();
  });

  it('answer resync with the whole table', async () => {
    world.source.flows.put(flow('a'), flow('b'));
    const client = await world.connect();
    client.send({ type: 'subscribe', sub: 'x', topic: 'flows' });
    await client.snapshotOf('x');
    world.source.flows.put(flow('c'));
    await client.at('x', world.tick());
    client.send({ type: 'resync', sub: 'x' });
    await client.until((frame) => frame.type === 'snapshot' && frame.rows.length === 3);
    expect(client.copies.get('x')).toMatchObject({ snapshots: 2, deltas: 1 });
  });

  it('end in mid-stream when a row costs too much, and the others go on', async () => {
    const client = await world.connect();
    world.source.flows.put(flow('a'));
    client.send({ type: 'subscribe', sub: 'dear', topic: 'flows', filter: '!process:/a.{900}[0-9][c-d]/' });
    client.send({ type: 'subscribe', sub: 'cheap', topic: 'flows' });
    await client.at('dear', world.tick());
    const next = random(1);
    const letters = Array.from({ length: 4096 }, () => 'ab'[next(2)]).join('');
    world.source.flows.put(flow('b', { process: proc({ cmdline: letters }) }));
    world.tick();
    const error = await client.until((frame) => frame.type === 'error');
    expect(error).toMatchObject({ code: 'TOO_EXPENSIVE', sub: 'dear' });
    world.source.flows.put(flow('c'));
    expect([...(await client.at('cheap', world.tick())).rows.keys()].sort()).toEqual(['a', 'b', 'c']);
    expect(world.hub.tables.views).toBe(1);
  });

  it('with a slower interval hear every second tick, with all changes of both', async () => {
    const slower = await World.start({ intervalMs: 30_000 });
    try {
      const other = await slower.connect();
      other.send({ type: 'subscribe', sub: 's', topic: 'flows', intervalMs: 60_000 });
      await other.snapshotOf('s');
      slower.source.flows.put(flow('a'));
      slower.tick();
      slower.source.flows.put(flow('b'));
      await other.at('s', slower.tick());
      expect(other.frames.filter((frame) => frame.type === 'delta')).toMatchObject([
        { prev: 1, seq: 3, set: [{ key: 'a' }, { key: 'b' }] },
      ]);
    } finally {
      await slower.stop();
    }
  });
});

describe('the publish clock', () => {
  it('sends deltas by itself, and an empty one after at most 5 s of silence', async () => {
    const live = await World.start({ intervalMs: 1000 });
    try {
      live.source.flows.put(flow('a'));
      const client = await live.connect();
      client.send({ type: 'subscribe', sub: 'x', topic: 'flows' });
      const { time } = await client.snapshotOf('x');
      const beat = await client.until((frame) => frame.type === 'delta');
      expect(beat).toMatchObject({ set: [], del: [], total: 1 });
      expect('time' in beat && beat.time - time).toBeGreaterThan(3000);
      expect('time' in beat && beat.time - time).toBeLessThanOrEqual(5000);
    } finally {
      await live.stop();
    }
  });

  it('collects nothing for idle clients, and a fresh table for a single request', async () => {
    const live = await World.start({ intervalMs: 1 });
    try {
      await live.connect();
      expect(live.source.flows.collected).toBe(0);
      live.source.flows.put(flow('a'));
      expect((await live.snapshot('?topic=flows')).topics.flows?.total).toBe(1);
      live.source.flows.put(flow('b'));
      expect((await live.snapshot('?topic=flows')).topics.flows?.total).toBe(2);
    } finally {
      await live.stop();
    }
  });
});

describe('a client that does not read', () => {
  it('gets its changes merged, misses none, and slows no other client', async () => {
    const many = (round: number) =>
      Array.from({ length: 2000 }, (_, i) => flow(`f${i}`, { opened: round, program: 'x'.repeat(800) }));
    world.source.flows.put(...many(0));
    const [slow, quick] = await Promise.all([world.connect(), world.connect()]);
    for (const client of [slow, quick]) {
      client.send({ type: 'subscribe', sub: 'x', topic: 'flows', limit: 2000 });
      await client.snapshotOf('x');
    }
    slow.socket.pause();
    const rounds = 12;
    let seq = 0;
    for (let round = 1; round <= rounds; round++) {
      world.source.flows.put(...many(round));
      world.source.flows.drop(`f${round}`);
      seq = world.tick();
      await quick.at('x', seq);
    }
    slow.socket.resume();
    const copy = await slow.at('x', seq);
    expect(copy.deltas).toBeLessThan(rounds);
    expect(quick.copies.get('x')?.deltas).toBe(rounds);
    expect(bySet(copy.rows.values())).toEqual(bySet(quick.copies.get('x')!.rows.values()));
  });
});
