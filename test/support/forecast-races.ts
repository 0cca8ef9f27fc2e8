/**
 * Races to the last port, for ranges of every kind, and the check of what was foretold on the way: at a quarter, half and three
 * quarters of it, against the first connect() that really fails.
 */
import { expect } from 'vitest';
import type { Scope } from './scope.js';
import { Budgets } from './truth.js';
import { block, type Race, race, type Said } from './truth-forecast.js';
import { Watch } from './watch.js';

const NEVER = { 'net.ipv4.tcp_tw_reuse': 0 };
const range = (low: number, size: number) => ({
  ...NEVER,
  'net.ipv4.ip_local_port_range': `${low} ${low + size - 1}`,
});
/** A forecast may be off by this part of what was left, or by these seconds. */
const ALLOWED = { part: 0.1, seconds: 2 } as const;

export const RACES: Record<string, Race> = {
  /*
   * A connect() that finds half of the range taken searches 14,000 ports: two cores hardly open 28,000 in the 60 s that a
   * TIME_WAIT entry takes. So these stay, without a descriptor at the server's end, and few enough per process.
   */
  'the default range': {
    ...{ sysctls: NEVER, rate: 175, ports: 28_232, server: 'first' },
    client: { processes: 2, 'hold-ms': 600_000, 'hold-max': 16_000 },
  },
  'a large range': { sysctls: range(30_000, 8000), rate: 230, ports: 8000 },
  'a hundred ports': { sysctls: range(40_000, 100), rate: 5, ports: 100 },
  'a hundred ports, quickly': { sysctls: range(40_000, 100), rate: 20, ports: 100 },
  'an odd range': { sysctls: range(40_000, 301), rate: 12, ports: 300 },
  'a range with reserved ports': {
    sysctls: { ...range(40_000, 600), 'net.ipv4.ip_local_reserved_ports': '40100-40299,40400' },
    rate: 15,
    ports: 399,
  },
  'a range that is partly blocked': {
    sysctls: range(40_000, 500),
    rate: 12,
    ports: 395,
    before: (scope, netns) => block(scope, netns, [40_010, 40_011, 40_012, 40_013, 40_014], 100),
  },
  'connections that last': {
    sysctls: range(40_000, 400),
    rate: 16,
    ports: 400,
    client: { 'hold-ms': 3000 },
  },
  'connections that stay': {
    sysctls: range(40_000, 200),
    rate: 50,
    ports: 200,
    client: { 'hold-ms': 600_000 },
  },
};

const text = ({ fill, predicted, remaining }: Said) =>
  `at ${fill * 100} %: ${predicted} s, came true after ${remaining.toFixed(1)} s`;

function check(name: string, said: readonly Said[]): void {
  console.info(`${name}: ${said.map(text).join('; ')}`);
  expect(
    said.map(({ fill }) => fill),
    name,
  ).toEqual([0.25, 0.5, 0.75]);
  for (const one of said) {
    const { predicted, remaining } = one;
    const off = predicted === null ? Number.POSITIVE_INFINITY : Math.abs(predicted - remaining);
    const allowed = Math.max(ALLOWED.part * remaining, ALLOWED.seconds);
    expect(off, `${name} ${text(one)}`).toBeLessThanOrEqual(allowed);
  }
}

/** Runs all of them at the same time: each must be foretold within a tenth of the time left, or two seconds. */
export async function foretold(scope: Scope, races: Readonly<Record<string, Race>>): Promise<void> {
  const watch = await Watch.start(scope, [], { ringBytes: 1 << 24, interest: { all: false, pids: [] } });
  const told = await race(scope, watch, new Budgets(watch.engine), Object.values(races));
  Object.keys(races).forEach((name, i) => {
    check(name, told[i] ?? []);
  });
}
