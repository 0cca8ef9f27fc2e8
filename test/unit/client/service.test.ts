/** The page's state against the real service: what it shows is what the service's own snapshot says. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { initial, receive, type Step, setQuery } from '../../../src/client/replica.js';
import type { ServerFrame } from '../../../src/protocol/frames.js';
import { flow, proc, totals } from '../publish/rows.js';
import { bySet, random, type TestClient, World } from '../publish/world.js';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

/** The page without its socket: takes the frames of a real client in, but for those that `lose` says got lost. */
class Page {
  state = initial();
  resyncs = 0;
  #seen = 0;

  constructor(
    private readonly client: TestClient,
    private readonly lose: (frame: ServerFrame) => boolean = () => false,
  ) {}

  take({ replica, send }: Step): void {
    this.state = replica;
    for (const frame of send) {
      if (frame.type === 'resync') this.resyncs++;
      this.client.send(frame);
    }
  }

  async until(reached: () => boolean): Promise<void> {
    for (;;) {
      for (const frame of this.client.frames.slice(this.#seen)) {
        this.#seen++;
        if (!this.lose(frame)) this.take(receive(this.state, frame));
      }
      if (reached()) return;
      await this.client.until(() => this.client.frames.length > this.#seen);
    }
  }
}

function churn(next: (n: number) => number): void {
  for (let i = 0; i < 15; i++) {
    const key = `f${next(40)}`;
    if (next(4) === 0) world.source.flows.drop(key);
    else world.source.flows.put(flow(key, { process: proc({ pid: next(5) }), portsHeld: next(100) }));
  }
}

const QUERY = { filter: 'portsHeld:>20', sort: '-portsHeld', limit: 12 };

/** Every other publish tick is safe: what got lost before it is noticed there. */
const loses = (chance: (n: number) => number) => (frame: ServerFrame) =>
  frame.type === 'delta' && frame.topic === 'flows' && frame.seq % 2 === 1 && chance(3) === 0;

it('equals the snapshot of the same seq, also when deltas got lost on the way', async () => {
  const page = new Page(await world.connect(), loses(random(11)));
  page.take(setQuery(page.state, 'flows', QUERY));
  await page.until(() => page.state.tables.flows.shown !== null);
  const next = random(5);
  for (let round = 0; round < 40; round++) {
    do churn(next);
    while (world.tick() % 2 === 1);
    await page.until(() => page.state.tables.flows.seq === world.hub.tick.seq);
    const { flows } = (await world.snapshot('?topic=flows&filter=portsHeld:>20&sort=-portsHeld&limit=12'))
      .topics;
    const { rows, total, other } = page.state.tables.flows;
    expect({ rows: bySet(rows.values()), total, other }).toEqual({ ...flows, rows: bySet(flows!.rows) });
  }
  expect(page.resyncs).toBeGreaterThan(5);
});

it('shows the column of a filter the service refuses, and goes on with the old one', async () => {
  world.source.flows.put(flow('a'));
  world.source.totals.put(totals('n1'));
  const page = new Page(await world.connect());
  await page.until(() => page.state.tables.flows.rows.size === 1 && page.state.tables.totals.rows.size === 1);
  page.take(setQuery(page.state, 'flows', { filter: 'pid:1 nosuchkey:2' }));
  await page.until(() => page.state.tables.flows.refusal !== null);
  expect(page.state.tables.flows.refusal).toMatchObject({ code: 'BAD_FILTER', column: 7 });
  world.source.flows.put(flow('b'));
  world.tick();
  await page.until(() => page.state.tables.flows.rows.has('b'));
});
