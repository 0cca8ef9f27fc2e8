/** Rows are made anew only when something changed: what clients have must still be what the tables say, at any time. */
import { describe, expect, it } from 'vitest';
import { Reconciler } from '../../../../src/aggregate/reconcile/reconciler.js';
import { BudgetSource } from '../../../../src/aggregate/rows/budget-source.js';
import { FlowSource } from '../../../../src/aggregate/rows/flow-source.js';
import type { FlowRow } from '../../../../src/protocol/rows.js';
import { SYSCTL_FILES, type SysctlTexts } from '../../../../src/system/parse/sysctl.js';
import { announced, closed, established, failed, outbound, World } from '../../../support/aggregate-world.js';
import { type Random, random } from '../../../support/random.js';

/** What a client has that took every change. */
class Client {
  readonly rows = new Map<string, FlowRow>();
  made = 0;

  constructor(
    private readonly source: FlowSource,
    private readonly world: World,
  ) {}

  collect(): void {
    const { set, del } = this.source.collect(this.world.now);
    for (const key of del) this.rows.delete(key);
    for (const row of set) this.rows.set(row.key, row);
    this.made += set.length;
  }

  get sorted(): FlowRow[] {
    return [...this.rows.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

function start(): { world: World; client: Client } {
  const world = new World();
  world.feed(announced(1), announced(2));
  return { world, client: new Client(new FlowSource(world.aggregator), world) };
}

/** One connection of 1 to 12 flows, which may fail, stay open, or close. */
function happen(world: World, next: Random, cookie: number): void {
  const connection = outbound({ cookie, owner: 1 + next(2), port: 1 + next(6) });
  const kind = next(4);
  if (kind === 0) world.feed(failed(connection));
  else world.feed(established(connection), ...(kind === 1 ? [] : [closed(connection)]));
}

const sorted = (rows: FlowRow[]) => rows.sort((a, b) => (a.key < b.key ? -1 : 1));

it.each([1, 2, 3])('says what a table made anew says, through bursts and silence (seed %i)', (seed) => {
  const next = random(seed);
  const { world, client } = start();
  for (let turn = 0, cookie = 0; turn < 1500; turn++) {
    for (let burst = next(3) === 0 ? next(4) : 0; burst > 0; burst--) happen(world, next, ++cookie);
    world.pass(next(40) === 0 ? next(20_000) : next(700));
    client.collect();
    expect(client.sorted).toEqual(sorted(world.flows()));
  }
});

it('makes no row anew whose rates stand still', () => {
  const { world, client } = start();
  for (let port = 1; port <= 1000; port++) world.feed(established(outbound({ cookie: port, port })));
  for (let ms = 0; ms < 30_000; ms += 250) {
    world.pass(250);
    client.collect();
  }
  const settled = client.made;
  for (let ms = 0; ms < 30_000; ms += 250) {
    world.pass(250);
    client.collect();
  }
  expect(client.made).toBe(settled);
  expect(client.sorted.every(({ openPerSec }) => openPerSec === 0)).toBe(true);
});

const UNREAD = Object.fromEntries(SYSCTL_FILES.map((name) => [name, null])) as SysctlTexts;

/** A complete dump that shows no socket. */
function audit(world: World, range: string): void {
  const join = new Reconciler(world.aggregator, world.folds);
  world.pass(1);
  join.beginRound();
  join.begin(1, 1, (world.now - world.aggregator.unixMsAtZero) * 1e6);
  join.facts({ ...UNREAD, ip_local_port_range: range }, null);
  join.end(true);
}

describe('what an audit says of a namespace', () => {
  it('is told of flows that rest', () => {
    const { world, client } = start();
    world.feed(established(outbound()));
    world.pass(30_000);
    client.collect();
    expect(client.sorted).toMatchObject([{ portsHeld: null }]);
    audit(world, '40000 40099');
    client.collect();
    expect(client.sorted).toMatchObject([{ portsHeld: 1 }]);
    expect(client.sorted).toEqual(sorted(world.flows()));
  });

  it('is told of budgets that nobody moves, when it changes', () => {
    const { world } = start();
    const source = new BudgetSource(world.aggregator);
    const told = () => {
      world.pass(1000);
      return source.collect(world.now).set.map(({ limit }) => limit);
    };
    world.feed(established(outbound()));
    world.pass(30_000);
    while (told().length > 0);
    for (const [range, limit] of [
      ['40000 40099', 100],
      ['40000 40199', 200],
    ] as const) {
      audit(world, range);
      expect(told()).toEqual([limit]);
      audit(world, range);
      expect(told()).toEqual([]);
    }
  });
});
