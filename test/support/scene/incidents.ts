/**
 * Incidents that are played at the same time, a stack each: two with the same addresses and ports over IPv4 and IPv6, of which one
 * takes ports over from TIME_WAIT entries, and one that only looks busy. Scripts of one interpreter, some of them dead in the end.
 */
import { expect } from 'vitest';
import type { FindingRow } from '../../../src/protocol/rows.js';
import type { Netns, Sysctls } from '../netns.js';
import type { Scope } from '../scope.js';
import type { Service } from '../service.js';
import type { Stream } from '../stream.js';
import { type Agreed, Scene } from './scene.js';
import type { ScriptOptions } from './script.js';
import { reported } from './shown.js';
import { both, SERVER, type Stack } from './stack.js';

export const RANGE = 'net.ipv4.ip_local_port_range';

export interface Incident {
  name: string;
  sysctls: Sysctls;
  /** Servers, and clients that keep no tally. */
  prepare(stack: Stack): Promise<void>;
  /** By their file's name. */
  scripts: Record<string, ScriptOptions>;
  /** Failures of a round that make it an incident, as the programs see them; at least so many. */
  failing: Record<string, number>;
  /** What must be found; null: nothing that somebody has to act on; left out: it is not asked. */
  rule?: string | null;
}

const DATABASE = both(5432);

export const INCIDENTS: readonly Incident[] = [
  {
    name: 'shop: out of ports for good, of 193 for each family no connect() takes one over',
    sysctls: { [RANGE]: '40000 40199', 'net.ipv4.ip_local_reserved_ports': '40100-40104' },
    prepare: async (stack) => {
      await stack.serve('never-first.mjs', 5432);
      await stack.hold(40_010, 40_011);
    },
    scripts: {
      'checkout-importer.py': { to: DATABASE, count: 120, perSecond: 80, mortal: true },
      'analytics.py': { to: DATABASE, count: 110, perSecond: 80, keep: 7 },
      'probe.py': { to: both(5433), count: 10, perSecond: 10, mortal: true },
    },
    failing: { EADDRNOTAVAIL: 40, ECONNREFUSED: 20 },
    rule: 'port-exhaustion',
  },
  {
    name: 'billing: out of 100 ports each second, after which one may be used again; and a server that closes first',
    sysctls: { [RANGE]: '40000 40099', 'net.ipv4.tcp_tw_reuse': 1 },
    prepare: async (stack) => {
      await stack.serve('never-first.mjs', 5432);
      await stack.nginx(8080);
    },
    scripts: {
      'checkout-importer.py': { to: DATABASE, count: 225, perSecond: 150, mortal: true },
      'analytics.py': { to: DATABASE, count: 225, perSecond: 150, keep: 3 },
      'reports.py': { to: [`${SERVER[4]}:8080`], count: 150, perSecond: 60, toTheEnd: true },
    },
    failing: { EADDRNOTAVAIL: 20 },
    rule: 'port-exhaustion',
  },
  {
    name: 'gateway: a false friend, many requests over few connections',
    sysctls: {},
    prepare: async (stack) => {
      await stack.serve('server.mjs', 5432);
      for (const family of [4, 6] as const) await stack.client('one-agent.mjs', family, 5432);
    },
    scripts: {},
    failing: {},
    rule: null,
  },
];

/** What has been played. */
export interface Played {
  scene: Scene;
  service: Service;
  agreed: Agreed[];
  /** What somebody is advised to act on where there is no incident. */
  advice: string[];
}

/** Audits count what no event tells, as closes that left no entry. */
const FOUND_MS = 60_000;

/**
 * Plays a round of all of them, compares every row when its traffic is over, and waits until each incident is found: from the
 * beginning on, since one whose ports come back at once is over with its traffic.
 */
export async function playIncidents(scope: Scope, incidents = INCIDENTS): Promise<Played> {
  const scene = new Scene(scope);
  const stacks = incidents.map(({ name, sysctls }) => scene.stack(name, sysctls));
  const service = await scene.observe('--interval', '250');
  await Promise.all(stacks.map((stack, i) => (incidents[i] as Incident).prepare(stack)));
  await Promise.all(stacks.map((stack, i) => stack.cast((incidents[i] as Incident).scripts)));
  const stream = await service.stream(scope);
  const found = Promise.all(stacks.map((stack, i) => isFound(stream, stack, incidents[i] as Incident)));
  found.catch(() => {}); // it is awaited when the rows agree
  const calm = stacks.filter((_, i) => incidents[i]?.rule === null);
  const findings = calm.flatMap(({ near, far }) => [near, far]).map((netns) => findingsOf(stream, netns));
  await scene.play();
  for (const [i, stack] of stacks.entries()) expectFailing(stack, incidents[i] as Incident);
  const agreed = await scene.agrees(service);
  for (const one of agreed) if (one.netns === one.stack.near) expectEntries(one);
  await found;
  const advice = findings.flatMap(({ rows }) => [...rows.values()].filter(isOpen));
  return { scene, service, agreed, advice: advice.map(({ title }) => title) };
}

/** Nothing would be compared otherwise. */
function expectFailing(stack: Stack, { failing }: Incident): void {
  for (const [kind, least] of Object.entries(failing))
    expect(reported(stack.reports(), [kind]), `${kind} of ${stack.name}`).toBeGreaterThanOrEqual(least);
}

/** At a client each entry is there or was taken over, while none is a minute old. */
function expectEntries({ stack, shown: { totals }, truth }: Agreed): void {
  const known = (totals.timeWait ?? 0) + (totals.recycled ?? 0);
  const hidden = totals.lowerBound ? (totals.eventsMissed ?? 0) : 0;
  const short = (truth.kernel.counters['TcpExt.TW'] ?? 0) - known;
  expect(short, `entries of ${stack.name}`).toBeGreaterThanOrEqual(0);
  expect(short, `entries of ${stack.name}`).toBeLessThanOrEqual(hidden);
}

/** Somebody has to act. */
const isOpen = ({ severity, resolved }: FindingRow) => severity !== 'info' && resolved === null;

const findingsOf = (stream: Stream, { inode }: Netns) =>
  stream.subscribe('findings', { filter: `netns:${inode}` });

async function isFound(stream: Stream, { near }: Stack, { rule }: Incident): Promise<void> {
  if (!rule) return;
  const findings = findingsOf(stream, near);
  await findings.until((rows) => rows.some((row) => isOpen(row) && row.rule === rule), FOUND_MS);
}
