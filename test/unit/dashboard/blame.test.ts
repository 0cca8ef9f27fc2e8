/** Who holds whose ports, as nodes and links, and where they lie. */
import { describe, expect, it } from 'vitest';
import { graphOf } from '../../../dashboard/charts/blame.js';
import { type Box, layoutOf } from '../../../dashboard/charts/blame-layout.js';
import { type Graph, MOST_BUDGETS, MOST_PROCESSES, REST } from '../../../dashboard/charts/blame-types.js';
import type { BudgetRow } from '../../../src/protocol/rows.js';
import { budget, failure, flow, proc } from '../publish/rows.js';

const DB = { address: '10.0.0.9', port: 5432 };
const CACHE = { address: '10.0.0.8', port: 6379 };
const worker = proc({ pid: 77, comm: 'worker' });
const importer = proc({ pid: 78, comm: 'importer' });
const victim = proc({ pid: 79, comm: 'checkout' });

/** Two processes share a budget, one of them has another; a third finds no port. */
function few(): Graph {
  const db = budget('db', {
    destination: DB,
    ...{ limit: 100, used: 100, free: 0, openPerSec: 40 },
    holders: [
      { process: worker, ports: 80 },
      { process: importer, ports: 20 },
    ],
  });
  const cache = budget('cache', {
    destination: CACHE,
    ...{ limit: 100, used: 10, free: 90, openPerSec: 2, exhaustionSeconds: null },
    holders: [{ process: importer, ports: 10 }],
  });
  return graphOf({
    budgets: [cache, db, budget('pool', { kind: 'bind-pool' }), budget('empty', { used: 0 })],
    flows: [
      flow('w', { process: worker, destination: DB, portsHeld: 80, openPerSec: 30 }),
      flow('i', { process: importer, destination: DB, portsHeld: 20, openPerSec: 10 }),
      flow('j', { process: importer, destination: CACHE, portsHeld: 10, openPerSec: 2 }),
      flow('v', { process: victim, destination: DB, portsHeld: 0, openPerSec: 0 }),
    ],
    failures: [
      failure('x', { process: victim, destination: DB, budget: 'db', perSec: 12 }),
      failure('y', { process: victim, destination: DB, budget: 'db', perSec: 3 }),
      failure('old', { process: importer, destination: DB, budget: 'db', perSec: 0 }),
      failure('z', { process: importer, destination: CACHE, budget: null, perSec: 50 }),
    ],
    total: 2,
  });
}

/** 300 processes, each with a budget of its own that it holds a part of. */
function many(): Graph {
  const numbers = Array.from({ length: 300 }, (_, i) => i);
  const at = (i: number) => ({ address: `10.1.${i >> 8}.${i & 255}`, port: 443 });
  const who = (i: number) => proc({ pid: 1000 + i, comm: `p${i}` });
  return graphOf({
    budgets: numbers.slice(0, 24).map((i) =>
      budget(`b${i}`, {
        destination: at(i),
        ...{ limit: 1000, used: 900 - i, free: 100 + i, openPerSec: 1, exhaustionSeconds: null },
        holders: [{ process: who(i), ports: 900 - i }],
      }),
    ),
    flows: numbers.map((i) =>
      flow(`f${i}`, { process: who(i), destination: at(i), portsHeld: 900 - i, openPerSec: 1 }),
    ),
    failures: numbers
      .slice(0, 5)
      .map((i) =>
        failure(`x${i}`, { process: who(290 + i), destination: at(i), budget: `b${i}`, perSec: 1 }),
      ),
    total: 300,
  });
}

describe('the blame graph', () => {
  it('links processes with the budgets that they hold ports of, and these with their destinations', () => {
    const { budgets, destinations, holds, processes } = few();
    expect(budgets.map(({ id, level }) => [id, level])).toEqual([
      ['cache', 0.1],
      ['db', 1],
    ]);
    expect(destinations.map(({ text, budget: of }) => [text, of])).toEqual([
      ['10.0.0.8:6379', 'cache'],
      ['10.0.0.9:5432', 'db'],
    ]);
    const nameOf = (id: string) => processes.find((node) => node.id === id)?.text;
    expect(holds.map((hold) => [nameOf(hold.process), hold.budget, hold.ports, hold.openPerSec])).toEqual([
      ['worker 77', 'db', 80, 30],
      ['importer 78', 'db', 20, 10],
      ['importer 78', 'cache', 10, 2],
      ['checkout 79', 'db', 0, 0],
    ]);
  });

  it('blames who holds most of the budget that a connect found empty, and nobody for other failures', () => {
    const { blames, processes } = few();
    const idOf = (text: string) => processes.find((node) => node.text === text)?.id;
    expect(blames).toEqual([
      {
        victim: idOf('checkout 79'),
        taker: idOf('worker 77'),
        isBlocker: false,
        ...{ budget: 'db', failPerSec: 15 },
      },
    ]);
    expect(processes.find(({ text }) => text === 'checkout 79')).toMatchObject({ failPerSec: 15, flow: 'v' });
  });

  it('has a tank in red only when no port is left, not when the end is near', () => {
    const toneOf = (more: Partial<BudgetRow>) =>
      graphOf({
        budgets: [budget('db', { destination: DB, limit: 100, reuse: null, ...more })],
        ...{ flows: [], failures: [], total: 1 },
      }).budgets[0]?.tone;
    expect(toneOf({ used: 10, free: 90, exhaustionSeconds: null })).toBe('');
    expect(toneOf({ used: 95, free: 5, exhaustionSeconds: 3 })).toBe('warn');
    expect(toneOf({ used: 100, free: 0, exhaustionSeconds: 0 })).toBe('bad');
  });

  it('gives a flow’s rate once, however many source addresses it has', () => {
    const held = (ports: number) => ({ destination: DB, holders: [{ process: worker, ports }] });
    const { holds } = graphOf({
      budgets: [budget('a', held(30)), budget('b', held(10))],
      flows: [flow('w', { process: worker, destination: DB, portsHeld: 40, openPerSec: 8 })],
      failures: [],
      total: 2,
    });
    expect(holds.map(({ budget: of, openPerSec }) => [of, openPerSec])).toEqual([
      ['a', 6],
      ['b', 2],
    ]);
  });

  it('shows of 300 flows the tightest budgets, and first whoever suffers; the rest is one node in each column', () => {
    const { processes, budgets, destinations, holds, blames } = many();
    expect(processes).toHaveLength(MOST_PROCESSES + 1);
    expect(budgets).toHaveLength(MOST_BUDGETS + 1);
    expect(destinations).toHaveLength(MOST_BUDGETS + 1);
    expect(processes.at(-1)).toMatchObject({ id: REST, text: '21 others' });
    expect(budgets.at(-1)).toMatchObject({ id: REST, text: '294 more budgets', level: null });
    expect(processes.filter(({ failPerSec }) => failPerSec > 0).length).toBeGreaterThanOrEqual(3);
    const known = new Set(processes.map(({ id }) => id));
    for (const { victim: one, taker } of blames)
      expect([known.has(one), known.has(taker ?? '')]).toEqual([true, true]);
    const ports = holds.reduce((sum, hold) => sum + hold.ports, 0);
    expect(ports).toBe(Array.from({ length: 24 }, (_, i) => 900 - i).reduce((a, b) => a + b));
  });

  it('keeps its order while the figures change', () => {
    const order = ({ processes, budgets }: Graph) => [
      processes.map(({ id }) => id),
      budgets.map(({ id }) => id),
    ];
    const rows = (swap: boolean) =>
      graphOf({
        budgets: [
          budget('a', {
            destination: CACHE,
            used: swap ? 900 : 100,
            holders: [{ process: worker, ports: 5 }],
          }),
          budget('b', {
            ...{ destination: DB, used: swap ? 100 : 900 },
            holders: [
              { process: importer, ports: swap ? 5 : 6 },
              { process: victim, ports: swap ? 6 : 5 },
            ],
          }),
        ],
        flows: [],
        failures: [],
        total: 2,
      });
    expect(order(rows(true))).toEqual(order(rows(false)));
  });
});

/** A budget toward the database, of which bind() blocks most: `checkout` finds no port there. */
function blockedGraph(more: Partial<BudgetRow>, others: BudgetRow[] = []): Graph {
  const db = { destination: DB, limit: 100, used: 10, blocked: 90, free: 0 };
  return graphOf({
    budgets: [budget('db', { ...db, holders: [{ process: worker, ports: 10 }], ...more }), ...others],
    flows: [flow('w', { process: worker, destination: DB, portsHeld: 10, openPerSec: 2 })],
    failures: [failure('x', { process: victim, destination: DB, budget: 'db', perSec: 5 })],
    total: 1 + others.length,
  });
}

describe('ports that bind() blocks', () => {
  const textOf = ({ processes }: Graph, id: string | null) =>
    processes.find((node) => node.id === id)?.text ?? null;
  const arrows = (graph: Graph) =>
    graph.blames.map(({ victim: from, taker, isBlocker }) => [
      textOf(graph, from),
      textOf(graph, taker),
      isBlocker,
    ]);

  it('are blamed on who blocks them, not on who holds the few others', () => {
    const graph = blockedGraph({ blockers: [{ process: importer, ports: 90 }] });
    expect(arrows(graph)).toEqual([['checkout 79', 'importer 78', true]]);
    const { blames, processes } = layoutOf(graph, 1400);
    const at = (id: string | null | undefined) => processes.get(id ?? '') as Box;
    const [from, to] = [at(graph.blames[0]?.victim), at(graph.blames[0]?.taker)];
    const [, start, end] = /^M[\d.]+ ([\d.]+) .* ([\d.]+)$/.exec(blames[0]?.path ?? '') ?? [];
    expect(Number(start)).toBe(from.y + from.height / 2);
    expect(Number(end)).toBeGreaterThan(to.y);
    expect(Number(end)).toBeLessThan(to.y + to.height);
  });

  it('have a link of their own, and are counted once for their process, however many budgets lack them', () => {
    const blockers = [{ process: importer, ports: 90 }];
    const cache = budget('cache', { destination: CACHE, limit: 100, used: 3, blocked: 90, blockers });
    const graph = blockedGraph({ blockers }, [cache]);
    const own = graph.processes.find(({ text }) => text === 'importer 78');
    expect(own).toMatchObject({ ports: 0, blocked: 90 });
    expect(
      graph.holds.filter(({ process }) => process === own?.id).map((hold) => [hold.budget, hold.blocked]),
    ).toEqual([
      ['db', 90],
      ['cache', 90],
    ]);
  });

  it('are nobody’s where it is not known whose: no arrow ends at who holds the few others', () => {
    for (const blockers of [null, [], [{ process: importer, ports: 4 }]]) {
      const graph = blockedGraph({ blockers });
      expect(arrows(graph)).toEqual([['checkout 79', null, true]]);
      expect(layoutOf(graph, 1400).blames).toEqual([{ path: '', width: 2 }]);
    }
  });

  it('leave a budget in sight of which no port is held, and who holds most of those may be unknown, too', () => {
    const all = blockedGraph({
      ...{ used: 0, blocked: 100, holders: [] },
      blockers: [{ process: importer, ports: 100 }],
    });
    expect(all.budgets.map(({ id, level }) => [id, level])).toEqual([['db', 1]]);
    expect(arrows(all)).toEqual([['checkout 79', 'importer 78', true]]);
    const none = blockedGraph({ used: 100, blocked: 0, holders: [], blockers: [] });
    expect(arrows(none)).toEqual([['checkout 79', null, false]]);
  });
});

describe('its layout', () => {
  const apart = (boxes: Iterable<Box>) => {
    const sorted = [...boxes].sort((a, b) => a.y - b.y);
    return sorted.every(
      (box, i) => i === 0 || box.y >= (sorted[i - 1] as Box).y + (sorted[i - 1] as Box).height,
    );
  };

  it.each([
    ['3', few, 1400],
    ['300', many, 1400],
    ['300', many, 320],
  ])('of %s flows has nodes that do not overlap, in a sheet that holds them (%#)', (_, make, width) => {
    const graph = make();
    const layout = layoutOf(graph, width);
    for (const column of [layout.processes, layout.budgets, layout.destinations]) {
      expect(apart(column.values())).toBe(true);
      for (const { x, y, width: wide, height } of column.values()) {
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
        expect(x + wide).toBeLessThanOrEqual(layout.width);
        expect(y + height).toBeLessThanOrEqual(layout.height);
      }
    }
    const [process, tank, end] = [layout.processes, layout.budgets, layout.destinations].map(
      (column) => [...column.values()][0] as Box,
    ) as [Box, Box, Box];
    expect(process.x + process.width).toBeLessThan(tank.x);
    expect(tank.x + tank.width).toBeLessThan(end.x);
  });

  it('draws every link, the wider the more connects want a port, and an arrow for each that is blamed', () => {
    const graph = few();
    const { holds, leads, blames } = layoutOf(graph, 1400);
    expect([holds.length, leads.length, blames.length]).toEqual([4, 2, 1]);
    for (const { path } of [...holds, ...leads, ...blames]) expect(path).toMatch(/^M[\d. ]+C[\d. ]+$/);
    const widthOf = (rate: number) =>
      holds[graph.holds.findIndex((hold) => hold.openPerSec === rate)]?.width ?? 0;
    expect(widthOf(30)).toBeGreaterThan(widthOf(10));
    expect(widthOf(10)).toBeGreaterThan(widthOf(2));
    expect(holds[3]?.width).toBeGreaterThan(widthOf(10));
  });

  it('has no arrow from a process to itself', () => {
    const { blames } = layoutOf(
      graphOf({
        budgets: [budget('db', { destination: DB, holders: [{ process: worker, ports: 9 }] })],
        flows: [],
        failures: [failure('x', { process: worker, destination: DB, budget: 'db', perSec: 2 })],
        total: 1,
      }),
      1400,
    );
    expect(blames).toEqual([{ path: '', width: 2 }]);
  });
});
