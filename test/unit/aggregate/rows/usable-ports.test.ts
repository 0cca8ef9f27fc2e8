/** Ports outside of the range are held, and take nothing from whoever wants one now. */
import { describe, expect, it } from 'vitest';
import { Reconciler } from '../../../../src/aggregate/reconcile/reconciler.js';
import { BudgetSource } from '../../../../src/aggregate/rows/budget-source.js';
import { EVENT, FLAG } from '../../../../src/decode/layout.js';
import { level, outlook, pressure } from '../../../../src/forecast/outlook.js';
import type { BudgetRow } from '../../../../src/protocol/rows.js';
import { SYSCTL_FILES, type SysctlTexts } from '../../../../src/system/parse/sysctl.js';
import { outlookWords } from '../../../../src/view/budget.js';
import { announced, closed, eventOf, outbound, World } from '../../../support/aggregate-world.js';

const UNREAD = Object.fromEntries(SYSCTL_FILES.map((name) => [name, null])) as SysctlTexts;
const NETNS = 1;

/** Connections toward one place that hold the ports from `first` on. */
function hold(
  world: World,
  first: number,
  count: number,
  more: { flags?: number; port?: number } = {},
): void {
  for (let port = first; port < first + count; port++) {
    const one = outbound({ cookie: port + 100_000 * (more.port ?? 0), owner: 1, netns: NETNS, ...more });
    world.feed(eventOf(one, EVENT.ESTABLISHED, { newstate: 1, oldstate: 2, lport: port }));
  }
}

/** What an audit reads of the settings; it is not complete, so that nothing is gone by it. */
function settings(world: World, range: string, reserved = ''): void {
  const audit = new Reconciler(world.aggregator, world.folds);
  world.pass(1);
  audit.beginRound();
  audit.begin(NETNS, 1, (world.now - world.aggregator.unixMsAtZero) * 1e6);
  const tcp = { tcp_tw_reuse: '0', tcp_timestamps: '1' };
  audit.facts({ ...UNREAD, ...tcp, ip_local_port_range: range, ip_local_reserved_ports: reserved }, null);
  audit.end(false);
}

function start() {
  const world = new World();
  world.feed(announced(1));
  const source = new BudgetSource(world.aggregator);
  const rows = new Map<string, BudgetRow>();
  const row = (kind: BudgetRow['kind'] = 'tuple'): BudgetRow => {
    world.pass(1000);
    const { set, del } = source.collect(world.now);
    for (const key of del) rows.delete(key);
    for (const one of set) rows.set(one.key, one);
    return [...rows.values()].find((one) => one.kind === kind) as BudgetRow;
  };
  return { world, row };
}

describe('a range that was narrowed', () => {
  it('has the ports that nobody holds in it, however many are held outside', () => {
    const { world, row } = start();
    settings(world, '40000 41999');
    hold(world, 40_000, 81);
    hold(world, 40_300, 319);
    world.pass(20_000);
    expect(row()).toMatchObject({ limit: 2000, used: 400, free: 1600 });
    settings(world, '40000 40299');
    const narrowed = row();
    expect(narrowed).toMatchObject({ limit: 300, used: 400, free: 219, established: 400 });
    expect(narrowed.exhaustionSeconds).not.toBe(0);
    expect(level(narrowed)).toBe('fine');
    expect(pressure(narrowed)).toBeCloseTo(81 / 300);
    expect(outlookWords(narrowed).alone).toContain('319 of them outside the range');
  });

  it('is out when all of it is held', () => {
    const { world, row } = start();
    settings(world, '40000 41999');
    hold(world, 40_000, 400);
    row();
    settings(world, '40000 40299');
    expect(row()).toMatchObject({ limit: 300, used: 400, free: 0, exhaustionSeconds: 0 });
    expect(outlook(row()).state).toBe('out');
    expect(outlookWords(row()).alone).toContain('100 or more of them outside the range');
  });

  it('jumps nowhere while what is outside goes away', () => {
    const { world, row } = start();
    settings(world, '40000 41999');
    hold(world, 40_000, 81);
    hold(world, 40_300, 319);
    settings(world, '40000 40299');
    for (let port = 40_300; port < 40_450; port += 10) {
      for (let one = port; one < port + 10; one++)
        world.feed(closed(outbound({ cookie: one, owner: 1, netns: NETNS }), { lport: one }));
      expect(row()).toMatchObject({ free: 219 });
    }
  });

  it('is one whose ports were reserved later, too', () => {
    const { world, row } = start();
    settings(world, '40000 40299');
    hold(world, 40_000, 200);
    expect(row()).toMatchObject({ used: 200, free: 100 });
    settings(world, '40000 40299', '40000-40149');
    expect(row()).toMatchObject({ limit: 150, used: 200, free: 100 });
  });
});

describe('a bind pool', () => {
  const BOUND = { flags: FLAG.BOUND_BEFORE };

  it('has the ports of a narrowed range that nobody holds', () => {
    const { world, row } = start();
    settings(world, '40000 41999');
    hold(world, 40_000, 81, BOUND);
    hold(world, 40_300, 319, BOUND);
    world.pass(20_000);
    settings(world, '40000 40299');
    const pool = row('bind-pool');
    expect(pool).toMatchObject({ limit: 300, used: 400, free: 219, demandPerSec: null });
    expect(level(pool)).toBe('fine');
  });

  it('does not run out while a program opens what it keeps, and does when it goes on', () => {
    const { world, row } = start();
    settings(world, '40000 40999');
    for (let i = 0; i < 20; i++) {
      hold(world, 40_000 + i, 1, { ...BOUND, port: 1 + (i % 2) });
      world.pass(10);
    }
    const after = Array.from({ length: 8 }, () => row('bind-pool'));
    expect(after.map(({ used }) => used)).toEqual(after.map(() => 20));
    expect(after.map(({ exhaustionSeconds }) => exhaustionSeconds)).toEqual(after.map(() => null));
    for (let second = 0; second < 12; second++) {
      hold(world, 40_100 + 20 * second, 20, BOUND);
      row('bind-pool');
    }
    const left = row('bind-pool').exhaustionSeconds;
    expect(left).toBeGreaterThan(740 / 22);
    expect(left).toBeLessThan(740 / 16);
  });

  it('that is full is critical while somebody binds from it, and two minutes later no more', () => {
    const { world, row } = start();
    settings(world, '40000 40099');
    hold(world, 40_000, 100, BOUND);
    const full = row('bind-pool');
    expect([outlook(full).state, level(full)]).toEqual(['out', 'critical']);
    world.pass(100_000);
    expect(level(row('bind-pool'))).toBe('critical');
    world.pass(20_000);
    const left = row('bind-pool');
    expect(left).toMatchObject({ used: 100, free: 0, demandPerSec: 0, exhaustionSeconds: null });
    expect([outlook(left).state, level(left), pressure(left)]).toEqual(['unwanted', 'fine', 0]);
    hold(world, 40_000, 1, { ...BOUND, port: 9 });
    expect(level(row('bind-pool'))).toBe('critical');
  });
});
