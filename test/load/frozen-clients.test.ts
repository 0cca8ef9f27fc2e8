/**
 * Two hundred clients, of whom twenty stop reading: the others get every delta, as they do without frozen ones; what waits
 * for the frozen ones is bounded; at last they are closed. Nothing here is measured by the clock: ticks, checks and the time
 * that passes between them come from the test.
 */
import { afterEach, expect, it } from 'vitest';
import { HIGH_WATER, WATCH_MS } from '../../src/publish/stream/stall-detector.js';
import { flow } from '../unit/publish/rows.js';
import { STALLED, type TestClient, World } from '../unit/publish/world.js';

const CLIENTS = 200;
const FROZEN = 20;
/** So many of the others want the same large table as the frozen ones; the rest a small part of it. */
const LARGE = 10;
const TICKS = 22;
/** Some 4 s of work; a busy machine takes several times that. */
const WITHIN_MS = 120_000;
const ROWS = 200;
/** Bytes; more than sockets take in while their clients do not read, over all ticks. */
const ROW_BYTES = 1000;
const FRAME_BYTES = 2 * ROWS * ROW_BYTES;

let world: World;
afterEach(() => world.stop());

/** A reader that counts frames and does not parse them: two hundred that parse would be most of the work. */
class Counter {
  deltas = 0;
  #wake: () => void = () => {};

  constructor(readonly client: TestClient) {
    client.socket.removeAllListeners('message');
    client.socket.on('message', (data: Buffer) => {
      if (data.subarray(0, 15).toString() === '{"type":"delta"') this.deltas++;
      this.#wake();
    });
  }

  /** Its number of deltas once it has `count`. */
  async reached(count: number): Promise<void> {
    while (this.deltas < count && this.client.closed === null)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  /** The service's ping before this has been answered by then. */
  async roundTrips(): Promise<void> {
    for (let i = 0; i < 2; i++) {
      const pong = new Promise((resolve) => this.client.socket.once('pong', resolve));
      this.client.socket.ping();
      await pong;
    }
  }
}

const rows = (round: number) =>
  Array.from({ length: ROWS }, (_, i) => flow(`f${i}`, { opened: round, program: 'x'.repeat(ROW_BYTES) }));

async function subscribed(limit: number): Promise<Counter> {
  const client = await world.connect();
  client.send({ type: 'subscribe', sub: 'x', topic: 'flows', limit });
  await client.snapshotOf('x');
  return new Counter(client);
}

/** The number of deltas that each reader got. `bound`: bytes that may wait in the service at any time. */
async function run(readers: readonly Counter[], bound: number): Promise<number[]> {
  const before = readers.map(({ deltas }) => deltas);
  for (let round = 1; round <= TICKS; round++) {
    world.source.flows.put(...rows(round));
    world.tick();
    await Promise.all(readers.map((reader, i) => reader.reached((before[i] as number) + round)));
    expect(world.server.sockets.queuedBytes).toBeLessThanOrEqual(bound);
  }
  return readers.map(({ deltas }, i) => deltas - (before[i] as number));
}

it(
  `${CLIENTS} clients of which ${FROZEN} are frozen`,
  async () => {
    let ahead = 0;
    world = await World.start({ clock: () => performance.now() + ahead });
    world.source.flows.put(...rows(0));
    const limits = Array.from({ length: CLIENTS }, (_, i) => (i < FROZEN + LARGE ? ROWS : 1));
    const all = await Promise.all(limits.map(subscribed));
    const [frozen, readers] = [all.slice(0, FROZEN), all.slice(FROZEN)];

    const unhindered = await run(readers, FRAME_BYTES * CLIENTS);
    for (const { client } of frozen) client.socket.pause();
    const beside = await run(readers, FROZEN * (HIGH_WATER + FRAME_BYTES));
    expect(beside).toEqual(unhindered);
    expect(beside).toEqual(readers.map(() => TICKS));
    expect(world.server.sockets.queuedBytes).toBeGreaterThan(FROZEN * HIGH_WATER);

    for (let waited = 0; waited <= 35_000; waited += WATCH_MS, ahead += WATCH_MS) {
      world.server.sockets.checkConnections();
      await Promise.all(readers.map((reader) => reader.roundTrips()));
    }
    for (const { client } of frozen) client.socket.resume();
    const codes = await Promise.all(frozen.map(({ client }) => client.closing()));
    expect(codes).toEqual(frozen.map(() => STALLED));
    expect(readers.filter(({ client }) => client.closed !== null)).toEqual([]);
    while (world.hub.clients > CLIENTS - FROZEN) await readers[0]?.roundTrips();
  },
  WITHIN_MS,
);

it('a client without subscriptions costs nothing, however much happens', async () => {
  world = await World.start();
  await Promise.all(Array.from({ length: CLIENTS }, () => world.connect()));
  let serialised = 0;
  const row = flow('a');
  const counting = () => Object.assign({ ...row }, { toJSON: () => ({ ...row, n: ++serialised }) });
  for (let i = 0; i < TICKS; i++) {
    world.source.flows.put(counting());
    world.tick();
  }
  expect([serialised, world.hub.tables.views]).toEqual([0, 0]);
  expect([world.hub.hasSubscriptions, world.source.interests, world.server.sockets.queuedBytes]).toEqual([
    false,
    [],
    0,
  ]);
});
