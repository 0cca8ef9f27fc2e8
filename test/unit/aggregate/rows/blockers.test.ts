/** Whose bind() blocks ports for the connect() calls toward another destination. */
import { describe, expect, it } from 'vitest';
import { Reconciler } from '../../../../src/aggregate/reconcile/reconciler.js';
import { BudgetSource } from '../../../../src/aggregate/rows/budget-source.js';
import { EVENT, FLAG } from '../../../../src/decode/layout.js';
import type { BudgetRow } from '../../../../src/protocol/rows.js';
import { SYSCTL_FILES, type SysctlTexts } from '../../../../src/system/parse/sysctl.js';
import { announced, eventOf, outbound, World } from '../../../support/aggregate-world.js';

const UNREAD = Object.fromEntries(SYSCTL_FILES.map((name) => [name, null])) as SysctlTexts;
const NETNS = 1;
const [BINDER, PLAIN] = [1, 2];

/** A namespace of 100 ports: `bound` connections of a program that binds, toward one port, and some of another one toward another. */
function rowsOf(bound: number, plain: number): Map<number | null, BudgetRow> {
  const world = new World();
  world.feed(announced(BINDER), announced(PLAIN));
  const audit = new Reconciler(world.aggregator, world.folds);
  world.pass(1);
  audit.beginRound();
  audit.begin(NETNS, 1, (world.now - world.aggregator.unixMsAtZero) * 1e6);
  audit.facts({ ...UNREAD, tcp_tw_reuse: '0', ip_local_port_range: '40000 40099' }, null);
  audit.end(false);
  const open = (owner: number, port: number, lport: number, flags: number) => {
    const one = outbound({ cookie: lport + 100_000 * owner, owner, netns: NETNS, flags, port });
    world.feed(eventOf(one, EVENT.ESTABLISHED, { newstate: 1, oldstate: 2, lport }));
  };
  for (let at = 0; at < bound; at++) open(BINDER, 5000, 40_000 + at, FLAG.BOUND_BEFORE);
  for (let at = 0; at < plain; at++) open(PLAIN, 5001, 40_099 - at, 0);
  world.pass(1000);
  const { set } = new BudgetSource(world.aggregator).collect(world.now);
  return new Map(set.filter(({ kind }) => kind === 'tuple').map((row) => [row.destination.port, row]));
}

describe('ports that bind() blocks', () => {
  it('are of who bound them, in each budget but the one that holds them', () => {
    const rows = rowsOf(90, 10);
    expect(rows.get(5001)).toMatchObject({
      used: 10,
      blocked: 90,
      free: 0,
      holders: [{ ports: 10, process: { pid: 1002 } }],
      blockers: [{ ports: 90, process: { pid: 1001 } }],
    });
    expect(rows.get(5000)).toMatchObject({ used: 90, blocked: 0, blockers: [] });
  });

  it('are counted from half full on', () => {
    expect(rowsOf(20, 10).get(5001)).toMatchObject({ blocked: 20, blockers: null });
  });
});
