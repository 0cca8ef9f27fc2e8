/**
 * The real aggregator under random life and death: processes open, exit, and roll up into their programs in any order, and
 * what is scraped only ever grows and adds up to what was opened.
 */
import { describe, expect, it } from 'vitest';
import { FlowSource } from '../../../../src/aggregate/rows/flow-source.js';
import type { Source } from '../../../../src/protocol/source.js';
import { Metrics } from '../../../../src/publish/metrics/metrics.js';
import { Tables } from '../../../../src/query/tables.js';
import { announced, closed, established, exited, outbound, World } from '../../../support/aggregate-world.js';
import { random } from '../world.js';

const OPENED = 'portchurn_connections_opened_total';

class Scraped {
  readonly world = new World();
  readonly tables: Tables;
  readonly metrics: Metrics;

  constructor() {
    const source: Source = {
      tables: { flows: new FlowSource(this.world.aggregator) },
      events: { listen: () => {} },
      connectDurations: () => this.world.aggregator.connections.connectDurations.snapshot(),
      health: () => null,
    };
    this.tables = new Tables(source);
    this.metrics = new Metrics({ tables: this.tables, source, version: '0.0.0-test' });
  }

  /** Values by series, after a tick. */
  async scrape(): Promise<Map<string, number>> {
    this.tables.collect(this.world.now);
    const lines = (await this.metrics.text()).split('\n').filter((line) => line !== '' && line[0] !== '#');
    return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.replace(/.* /, ''))]));
  }
}

const ofFamily = (series: ReadonlyMap<string, number>, name: string) =>
  [...series].filter(([key]) => key.startsWith(`${name}{`));
const total = (series: ReadonlyMap<string, number>) =>
  ofFamily(series, OPENED).reduce((sum, [, value]) => sum + value, 0);

function expectGrown(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): void {
  for (const [key, value] of ofFamily(before, OPENED))
    expect(after.get(key) ?? Number.POSITIVE_INFINITY, key).toBeGreaterThanOrEqual(value);
}

/** Scripts of one interpreter are programs of their own. */
const COMMANDS: readonly (readonly [string, readonly string[]])[] = [
  ['/usr/bin/curl', ['curl', 'http://db/']],
  ['/usr/bin/python3', ['python3', 'a.py']],
  ['/usr/bin/python3', ['python3', 'b.py']],
];

/** One process's life so far: it opens, and sometimes closes and dies. */
function live(world: World, pick: (n: number) => number, id: number, step: number): void {
  const [exe, cmdline] = COMMANDS[id % COMMANDS.length] as (typeof COMMANDS)[number];
  world.feed(announced(id, { exe, cmdline }));
  for (let n = 0; n <= pick(3); n++) {
    const connection = outbound({ cookie: step * 10 + n + 1, owner: id, port: 5000 + pick(90) });
    world.feed(established(connection));
    if (pick(2) === 0) world.feed(closed(connection));
  }
  if (pick(3) > 0) world.feed(exited(id));
}

describe('connections opened, scraped', () => {
  it.each([1, 2, 3])('only grow and add up whatever rolls up (random seed %i)', async (seed) => {
    const scraped = new Scraped();
    const { world } = scraped;
    const pick = random(seed);
    let before = await scraped.scrape();
    for (let step = 1; step <= 800; step++) {
      live(world, pick, step, step);
      if (pick(4) > 0) continue;
      world.pass(pick(20) * 1000);
      const after = await scraped.scrape();
      expectGrown(before, after);
      const idle = ofFamily(before, OPENED).filter(([key]) => !after.has(key));
      if (idle.length === 0) expect(total(after) - total(before)).toBeGreaterThanOrEqual(0);
      before = after;
    }
    expect(ofFamily(before, OPENED).length).toBe(51);
  });

  it('are as many as were opened, after rows have rolled up and come back', async () => {
    const scraped = new Scraped();
    const { world } = scraped;
    const pick = random(4);
    for (let step = 1; step <= 1200; step++) {
      live(world, pick, step, step);
      if (step % 50 === 0) {
        world.pass(2500);
        expect(total(await scraped.scrape())).toBe(world.totals().opened);
      }
    }
    expect([...world.aggregator.flows.all()].some(({ owner }) => owner.pid === null)).toBe(true);
  });
});

describe('connect durations', () => {
  it('are a histogram of everything since the start', async () => {
    const scraped = new Scraped();
    scraped.world.feed(
      announced(1),
      established(outbound({ cookie: 1 })),
      established(outbound({ cookie: 2 })),
    );
    const series = await scraped.scrape();
    const name = 'portchurn_connect_duration_seconds';
    expect(series.get(`${name}_bucket{le="0.0001"}`)).toBe(0);
    expect(series.get(`${name}_bucket{le="0.00025"}`)).toBe(2);
    expect(series.get(`${name}_bucket{le="+Inf"}`)).toBe(2);
    expect(series.get(`${name}_count`)).toBe(2);
    expect(series.get(`${name}_sum`)).toBeCloseTo(0.0003, 9);
  });
});
