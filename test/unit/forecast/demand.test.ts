import { describe, expect, it } from 'vitest';
import { sustainablePerSecond } from '../../../src/forecast/demand.js';
import { type Changes, project, UNCHANGED } from '../../../src/forecast/projection.js';
import { answerOf } from '../../../src/forecast/what-if.js';
import { budget, flow, totals } from '../publish/rows.js';

const MINUTE = {
  ...{ limit: 2000, blocked: 0, live: 0, openPerSec: 0, lifetimeSeconds: null },
  ...{ waitShare: 1, waitSeconds: 60 },
};

describe('what ports allow for good', () => {
  it.each([
    ['2,000 ports of which each is held a minute', {}, 33.3],
    ['the same while they are out', { live: 3, openPerSec: 2, lifetimeSeconds: 1 }, 32.8],
    ['with ports that bind() took and a pool', { blocked: 150, live: 50 }, 30],
    ['connections that live as long as their entry', { lifetimeSeconds: 60 }, 16.7],
    ['every second connection closed by the peer', { waitShare: 0.5 }, 66.7],
    ['entries taken over after a second', { waitSeconds: 1 }, 2000],
    ['a pool larger than the range', { live: 2100 }, 0],
  ])('%s', (_, more, perSecond) => {
    expect(sustainablePerSecond({ ...MINUTE, ...more })).toBeCloseTo(perSecond, 1);
  });

  it('is not limited where nothing waits', () => {
    expect(sustainablePerSecond({ ...MINUTE, waitShare: 0 })).toBeNull();
  });
});

describe('what-if for a budget that is out of ports', () => {
  /** All 200 are held by entries that are a minute old evenly; two opens per second succeed. */
  const out = (demandPerSec: number, openPerSec = 3.3) =>
    budget('b', {
      ...{ limit: 200, used: 200, free: 0, timeWait: 200, established: 0, openPerSec, demandPerSec },
      ...{ exhaustionSeconds: 0, sustainablePerSec: 3.3 },
      ...{ releasing: Array.from({ length: 12 }, (_, i) => [5 * (i + 1), 17]) },
    });
  const flows = [
    flow('f', {
      openPerSec: 3.3,
      closePerSec: 3.3,
      closed: 100,
      closedFirst: 100,
      lifetimeMs: { p50: 1, p99: 2 },
    }),
  ];
  const settings = totals('1', { portRange: [40_000, 40_199], tcpTwReuse: 0 });
  const then = (demand: number, changes: Partial<Changes>, opens?: number) =>
    project(out(demand, opens), flows, settings, { ...UNCHANGED, ...changes });

  it('goes by what is asked for, not by the few that got a port', () => {
    const wider = then(42.8, { range: [40_000, 40_299] });
    expect(wider).toMatchObject({ limit: 300, demandPerSec: 42.8, openPerSec: 3.3 });
    expect(wider?.exhaustionSeconds).toBeGreaterThan(0);
    expect(wider?.exhaustionSeconds).toBeLessThan(60);
  });

  it('never settles above the ports that there are: then it says when they run out, also while a few are free', () => {
    const soon = (ports: number) => ({
      exhaustionSeconds: null,
      releasing: out(0).releasing.map(([within]): [number, number] => [within, ports]),
    });
    const there = [{ ...flows[0], destination: out(0).destination }].map((parts) => flow('f', parts));
    const free = { ...out(70, 70), used: 150, free: 50, timeWait: 150, ...soon(12) };
    const answer = answerOf(free, [settings], there, { ...UNCHANGED, sources: 2 });
    for (const one of [answer?.now, answer?.projected]) {
      expect(one?.settlesAt).toBeGreaterThan(200);
      expect(one?.exhaustionSeconds).toBeGreaterThan(0);
      expect(one?.exhaustionSeconds).toBeLessThan(60);
    }
    /* One percent too much is too much, although the rate is not known to a percent. */
    const tight = { ...out(3.37, 3.37), used: 195, free: 5, timeWait: 195, ...soon(16) };
    const close = answerOf(tight, [settings], there, { ...UNCHANGED, sources: 2 });
    expect(close?.now.settlesAt).toBe(202);
    expect(close?.now.exhaustionSeconds).not.toBeNull();
    expect(close?.projected).toMatchObject({ settlesAt: 101, exhaustionSeconds: null });
  });

  it('says how many ports that needs, and with so many it never runs out', () => {
    expect(then(15, {})).toMatchObject({ neededPorts: 901, neededPortsLeast: null });
    expect(then(15, { range: [40_000, 40_949] })?.exhaustionSeconds).toBeNull();
    expect(then(15, { destinations: 2 })?.neededPorts).toBe(451);
    expect(then(15, { twReuse: 1 })?.neededPorts).toBe(16);
  });

  it('gives both ends where a tight loop tries again and again', () => {
    expect(then(42.8, {}, 10)).toMatchObject({ neededPorts: 2569, neededPortsLeast: null });
    expect(then(1000, {})).toMatchObject({ neededPorts: 60_001, neededPortsLeast: 199 });
  });

  it('needs no less than what these ports let through, also while none of them comes back', () => {
    expect(then(42.8, {}, 0)).toMatchObject({ neededPorts: 2569, neededPortsLeast: 199, openPerSec: 0 });
    expect(then(42.8, { twReuse: 1 }, 0)).toMatchObject({ neededPortsLeast: 4 });
  });

  it('asks for no less than these ports allow, since who fails may wait before the next try', () => {
    const slow = { ...out(0.5, 0), sustainablePerSec: 3.3 };
    const wider = project(slow, flows, settings, { ...UNCHANGED, range: [40_000, 40_179] });
    expect(wider).toMatchObject({ demandPerSec: 3.3, neededPorts: 199, neededPortsLeast: null });
    expect(wider).toMatchObject({ isLowerBound: true, exhaustionSeconds: 0 });
    expect(then(3.3, {})).toMatchObject({ isLowerBound: false });
    expect(then(1000, {})).toMatchObject({ isLowerBound: false });
  });

  it('of ports that bind() chose is helped by another source address, not by tcp_tw_reuse or another destination', () => {
    const ports = (changes: Partial<Changes>) =>
      project({ ...out(15), bound: 150 }, flows, settings, { ...UNCHANGED, ...changes })?.neededPorts;
    expect([ports({}), ports({ twReuse: 1 }), ports({ destinations: 2 })]).toEqual([901, 901, 901]);
    expect([ports({ sources: 2 }), ports({ reused: 0.5 })]).toEqual([451, 451]);
  });

  it('is as it was where nothing was refused', () => {
    expect(then(3.3, {})).toMatchObject({ demandPerSec: 3.3, openPerSec: 3.3, neededPortsLeast: null });
  });
});
