/**
 * Clients whose ports are used again and again: every connect() takes over the port of a TIME_WAIT entry, or its SYN ends the
 * server's. All stories run at the same time in namespaces of their own. In: what each is like. Out: what the engine's tables
 * said once per publish interval, between the least and the most that the kernel listed in that interval.
 */
import { churnClient, churnServer, type Generator } from './churngen.js';
import { type Counting, counting } from './counters.js';
import { link, Netns } from './netns.js';
import type { Scope } from './scope.js';
import { type DumpedSocket, dump, dumper } from './socket-dump.js';
import { audited, type Budgets } from './truth.js';
import type { Watch } from './watch.js';

const SAMPLE_MS = 100;
const PUBLISH_MS = 1000;
export const PORTS = 200;
/** What a snapshot may differ from what the kernel listed around it. */
const AROUND = 5;
const PORT = 9000;
/* A late RST of a peer may remove an entry (tcp_rfc1337): the next connect() finds no entry, and the kernel counts none. */
const SYSCTLS = { 'net.ipv4.ip_local_port_range': `40000 ${40_000 + PORTS - 1}`, 'net.ipv4.tcp_rfc1337': 1 };
const SERVERS = {
  lo: { 4: '127.0.0.1', 6: '[::1]' },
  veth: { 4: '10.77.0.2', 6: '[fd77::2]' },
} as const;

export interface Story {
  /** The loopback, where tcp_tw_reuse=2 is enough, or a wire, where it takes 1. */
  over: 'lo' | 'veth';
  family: 4 | 6;
  /** Connections per second. */
  rate: number;
  /** Who sends the first FIN, and so gets the TIME_WAIT entry. */
  closes: 'client' | 'server';
}

const client = (over: Story['over'], family: Story['family'], rate: number): Story => ({
  ...{ over, family, rate },
  closes: 'client',
});

export const STORIES: readonly Story[] = [
  ...[40, 150].flatMap((rate) => [client('lo', 4, rate), client('lo', 6, rate)]),
  ...[40, 150].flatMap((rate) => [client('veth', 4, rate), client('veth', 6, rate)]),
  { over: 'veth', family: 4, rate: 40, closes: 'server' },
];

export const nameOf = ({ over, family, rate, closes }: Story) =>
  `IPv${family} over ${over}, ${rate}/s, closed by the ${closes}`;

/** One look at the tables. `least`, `most`: what the kernel listed since the look before. */
interface Look {
  shown: number;
  least: number;
  most: number;
}

export interface Told {
  name: string;
  /** Looks in words, those that are further from the kernel than allowed. */
  wrong: string[];
  looks: number;
  /** The most that the tables ever said. */
  most: number;
  opened: number;
  /** By the namespace's counter TcpExt:TWRecycled, and by ours. */
  kernelRecycled: number;
  recycled: number;
}

interface Runner {
  story: Story;
  near: Netns;
  /** Where the TIME_WAIT entries are. */
  netns: Netns;
  /** "ADDRESS:PORT" of the server. */
  to: string;
  client: Generator;
  grown: Counting;
  samples: number[];
  looks: Look[];
}

/** Both ends of a story; the same namespace on the loopback. */
export function ends(scope: Scope, { over, family }: Pick<Story, 'over' | 'family'>) {
  const reuse = { 'net.ipv4.tcp_tw_reuse': over === 'lo' ? 2 : 1 };
  const near = Netns.create(scope, { ...SYSCTLS, ...reuse });
  const far = over === 'lo' ? near : Netns.create(scope);
  const pair =
    family === 4 ? (['10.77.0.1/24', '10.77.0.2/24'] as const) : (['fd77::1/64', 'fd77::2/64'] as const);
  if (far !== near) link(near, far, [pair]);
  return { near, far, server: `${SERVERS[over][family]}:${PORT}` };
}

async function prepare(scope: Scope, story: Story, seconds: number): Promise<Runner> {
  const { near, far, server } = ends(scope, story);
  await churnServer(scope, far, [`${server}=${story.closes === 'client' ? 'peer' : 'first'}`]);
  const { rate, closes } = story;
  const flags = { to: server, rate, count: rate * seconds, gate: true, close: closes } as const;
  return {
    ...{ story, near, netns: closes === 'client' ? near : far },
    to: server.replace(/[[\]]/g, ''),
    client: await churnClient(scope, near, flags),
    ...{ grown: counting(near), samples: [], looks: [] },
  };
}

/** What the kernel has of the story: ports toward the server, or TIME_WAIT entries at the server's port. */
function listed({ story, to }: Runner, sockets: readonly DumpedSocket[]): number {
  if (story.closes === 'client') return sockets.filter(({ remote }) => remote === to).length;
  return sockets.filter(({ mini, local }) => mini && local === to).length;
}

function look(runner: Runner, watch: Watch, budgets: Budgets): void {
  const { story, netns, to, samples, looks } = runner;
  const used = () => budgets.toward(netns, to)?.used ?? 0;
  const shown = story.closes === 'client' ? used() : (watch.totals(netns)?.timeWait ?? 0);
  looks.push({ shown, least: Math.min(...samples), most: Math.max(...samples) });
  runner.samples = samples.slice(-1);
}

const isWrong = ({ shown, least, most }: Look) => shown < least - AROUND || shown > most + AROUND;

function told({ story, near, grown, looks }: Runner, watch: Watch, opened: number): Told {
  return {
    name: nameOf(story),
    looks: looks.length,
    wrong: looks.filter(isWrong).map(({ shown, least, most }) => `${shown}, kernel ${least} to ${most}`),
    most: Math.max(...looks.map(({ shown }) => shown)),
    opened,
    kernelRecycled: grown('TcpExt.TWRecycled'),
    recycled: watch.totals(near)?.recycled ?? 0,
  };
}

/** Plays all stories for so many seconds. */
export async function tell(scope: Scope, watch: Watch, budgets: Budgets, seconds: number): Promise<Told[]> {
  const runners: Runner[] = [];
  for (const story of STORIES) runners.push(await prepare(scope, story, seconds));
  const paths = runners.map(({ netns }) => netns.path);
  const spaces = runners.flatMap(({ near, netns }) => [near, netns]);
  /* What a namespace holds is not known before its first audit. */
  await audited(watch, spaces);
  const judge = dumper(scope);
  for (const { client } of runners) client.go();
  let open = runners.length;
  const done = runners.map(({ client }) => client.done().finally(() => (open -= 1)));
  for (let published = performance.now(); open === runners.length; ) {
    const began = performance.now();
    const dumps = await dump(judge, ...paths);
    for (const [i, runner] of runners.entries()) runner.samples.push(listed(runner, dumps[i]?.sockets ?? []));
    if (performance.now() - published >= PUBLISH_MS) {
      for (const runner of runners) look(runner, watch, budgets);
      published = performance.now();
    }
    await watch.until(() => performance.now() - began > SAMPLE_MS, 'the next sample');
  }
  const sums = await Promise.all(done);
  /* Closes that the kernel hid are known after it. */
  await audited(watch, spaces);
  return runners.map((runner, i) => told(runner, watch, sums[i]?.opened ?? 0));
}
