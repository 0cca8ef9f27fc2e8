/** Each port of a budget's range: who has it, in which state, for how long. */
import { describe, expect, it } from 'vitest';
import { Reconciler } from '../../../../src/aggregate/reconcile/reconciler.js';
import { portMap } from '../../../../src/aggregate/rows/port-map.js';
import { END, EVENT, FLAG } from '../../../../src/decode/layout.js';
import { CELL_BYTES, cellAt, NO_OWNER, OTHER_OWNERS } from '../../../../src/protocol/ports/cells.js';
import type { PortMap } from '../../../../src/protocol/ports/schema.js';
import { portMapFault } from '../../../../src/protocol/validate.js';
import { finish } from '../../../../src/query/turn.js';
import { SYSCTL_FILES, type SysctlTexts } from '../../../../src/system/parse/sysctl.js';
import { announced, closed, eventOf, outbound, World } from '../../../support/aggregate-world.js';

const UNREAD = Object.fromEntries(SYSCTL_FILES.map((name) => [name, null])) as SysctlTexts;
const KEY = '1/10.0.0.1/10.0.0.9:5432';
const FREE = { owner: null, state: 'free', seconds: 0 };

function start(settings: Partial<SysctlTexts> = {}) {
  const world = new World();
  world.feed(announced(1), announced(2, { comm: 'psql', exe: '/usr/bin/psql' }));
  const audit = new Reconciler(world.aggregator, world.folds);
  audit.beginRound();
  audit.begin(1, 1, (world.now - world.aggregator.unixMsAtZero) * 1e6);
  const given = { ip_local_port_range: '40000 40009', tcp_tw_reuse: '0', tcp_timestamps: '1' };
  audit.facts({ ...UNREAD, ...given, ...settings }, null);
  audit.end(false);
  const open = (lport: number, more: Parameters<typeof outbound>[0] = {}) =>
    world.feed(
      eventOf(outbound({ cookie: lport, ...more }), EVENT.ESTABLISHED, { newstate: 1, oldstate: 2, lport }),
    );
  const wait = (lport: number, end: number = END.TIME_WAIT, more: Parameters<typeof outbound>[0] = {}) =>
    world.feed(closed(outbound({ cookie: lport, ...more }), { lport, end, oldstate: 5 }));
  return { world, open, wait, map: (key = KEY) => finish(portMap(world.aggregator, key, world.now)) };
}

const bytesOf = (map: PortMap | null) => Buffer.from(map?.cells ?? '', 'base64');
const port = (map: PortMap | null, number: number) => cellAt(bytesOf(map), number - (map?.first ?? 0));

describe('the port map of a budget', () => {
  it('has every port of the range, with owner and state', () => {
    const { open, map } = start();
    open(40_000);
    open(40_003, { owner: 2 });
    open(40_004, { owner: 2 });
    const made = map();
    expect(portMapFault(made)).toBeNull();
    expect(made).toMatchObject({ budget: KEY, first: 40_000 });
    expect(bytesOf(made)).toHaveLength(10 * CELL_BYTES);
    expect(made?.owners.map(({ process }) => process.pid)).toEqual([1002, 1001]);
    expect(port(made, 40_000)).toEqual({ owner: 1, state: 'established', seconds: 0 });
    expect(port(made, 40_004)).toEqual({ owner: 0, state: 'established', seconds: 0 });
    expect(port(made, 40_001)).toEqual(FREE);
  });

  it('says how long a TIME_WAIT entry has left, and which ones a connect() may take over', () => {
    const never = start();
    never.open(40_001);
    never.wait(40_001);
    never.world.pass(20_000);
    expect(port(never.map(), 40_001)).toEqual({ owner: 0, state: 'time-wait', seconds: 40 });
    const reused = start({ tcp_tw_reuse: '1' });
    reused.open(40_001);
    reused.wait(40_001);
    expect(port(reused.map(), 40_001)).toMatchObject({ state: 'time-wait', seconds: 60 });
    reused.world.pass(2000);
    expect(port(reused.map(), 40_001)).toEqual({ owner: 0, state: 'reusable', seconds: 58 });
  });

  it('gives no time for an entry that waits for its peer', () => {
    const { open, wait, map } = start();
    open(40_001);
    wait(40_001, END.FIN_WAIT2);
    expect(port(map(), 40_001)).toEqual({ owner: 0, state: 'fin-wait-2', seconds: 0 });
  });

  it('marks what is reserved, and what bind() took for another destination', () => {
    const { world, open, map } = start({ ip_local_reserved_ports: '39990-40001,40009' });
    open(40_002);
    open(40_005, { port: 9, flags: FLAG.BOUND_BEFORE, owner: 2 });
    open(40_006, { port: 9, owner: 2 });
    world.aggregator.namespaces.known('1')?.listen(40_007, null);
    const made = map();
    expect([40_000, 40_001, 40_009].map((one) => port(made, one).state)).toEqual(Array(3).fill('reserved'));
    expect(port(made, 40_005).state).toBe('blocked');
    expect(made?.owners[port(made, 40_005).owner as number]?.process.name).toBe('psql');
    expect(port(made, 40_006)).toEqual(FREE);
    expect(port(made, 40_007)).toEqual({ owner: null, state: 'blocked', seconds: 0 });
    expect(port(made, 40_002).state).toBe('established');
  });

  it('leaves out what is held outside of the range', () => {
    const { open, map } = start();
    open(50_000);
    open(39_999);
    expect([...bytesOf(map())].filter((_, at) => at % CELL_BYTES === 1)).toEqual(Array(10).fill(0));
  });

  it('has no cells while the range is not known', () => {
    const { open, map } = start({ ip_local_port_range: null });
    open(40_000);
    expect(map()).toMatchObject({ first: null, owners: [], cells: '' });
  });

  it('is none of a budget that is not there', () => {
    const { open, map } = start();
    expect(map()).toBeNull();
    open(40_000);
    expect(map('nosuch')).toBeNull();
  });

  it('names 254 owners, those with the most ports, and counts the rest together', () => {
    const { world, open, map } = start({ ip_local_port_range: '40000 41999' });
    for (let owner = 1; owner <= 300; owner++) {
      world.feed(announced(owner));
      open(40_000 + owner, { owner });
    }
    open(41_000, { owner: 300 });
    const made = map();
    expect(portMapFault(made)).toBeNull();
    expect(made?.owners).toHaveLength(255);
    expect(made?.owners[0]?.process.pid).toBe(1300);
    expect(made?.owners[OTHER_OWNERS]).toMatchObject({ process: { pid: null, name: null }, program: null });
    const indexes = [...bytesOf(made)].filter((_, at) => at % CELL_BYTES === 0);
    expect(indexes.filter((index) => index === OTHER_OWNERS)).toHaveLength(46);
    expect(indexes.filter((index) => index === NO_OWNER)).toHaveLength(2000 - 301);
  });

  it('can be interrupted wherever it has looked at some thousand sockets', () => {
    const { world } = start({ ip_local_port_range: '1024 65535' });
    const opened = (lport: number) =>
      eventOf(outbound({ cookie: lport }), EVENT.ESTABLISHED, { newstate: 1, oldstate: 2, lport });
    world.feed(...Array.from({ length: 40_000 }, (_, i) => opened(1024 + i)));
    const work = portMap(world.aggregator, KEY, world.now);
    const slices = Array.from({ length: 10 }, () => work.next());
    expect(slices.filter(({ done }) => done === false)).toHaveLength(3);
    expect(bytesOf(slices[3]?.value as PortMap)).toHaveLength(64_512 * CELL_BYTES);
  });
});
