/**
 * Namespaces, servers and clients on one host at the same time, under one service, and all of their rows beside what the kernel
 * says. A stack is two namespaces, clients in the one, servers in the other; all stacks have the same addresses, so that nothing
 * but the namespace tells them apart.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TableTopic } from '../../../src/protocol/frames.js';
import { rule } from '../firewall.js';
import { program } from '../misconfigured.js';
import { link, Netns, type Sysctls } from '../netns.js';
import { patient } from '../patience.js';
import { start } from '../process.js';
import { nginx } from '../programs.js';
import type { Scope } from '../scope.js';
import { type Service, startService } from '../service.js';
import { differences } from './compare.js';
import { type KernelSocket, kernelOf, socketsOf } from './kernel.js';
import { type Report, Script, type ScriptOptions } from './script.js';
import type { Told, Truth } from './told.js';

/** Addresses in each stack. */
export const SERVER = { 4: '10.77.0.9', 6: 'fd77::9' } as const;
export const CLIENT = { 4: '10.77.0.1', 6: 'fd77::1' } as const;
const LINKS = [
  [`${CLIENT[4]}/24`, `${SERVER[4]}/24`],
  [`${CLIENT[6]}/64`, `${SERVER[6]}/64`],
] as const;
const HOLD_PORTS = fileURLToPath(new URL('../hold_ports.py', import.meta.url));
const ALL_ROWS = 5000;
/** A close that the kernel hid is known after the next audit; an idle namespace has one each 30 s. */
const AGREED_MS = patient(60_000);
const EXPIRED_MS = patient(75_000);

/** "ADDRESS:PORT" of the server over IPv4 and IPv6, as a program is given it. */
export const both = (port: number) => [`${SERVER[4]}:${port}`, `[${SERVER[6]}]:${port}`] as const;

/** No late reset of a peer that has gone removes an entry: the kernel would not count that. */
const SETTINGS: Sysctls = { 'net.ipv4.tcp_rfc1337': 1, 'net.ipv4.tcp_tw_reuse': 0 };

export class Stack {
  /** Where clients are, and where servers are. */
  readonly near: Netns;
  readonly far: Netns;
  readonly scripts: Script[] = [];
  private readonly bound = new Set<number>();
  private bindsFirst = false;

  constructor(
    private readonly scope: Scope,
    readonly name: string,
    sysctls: Sysctls,
  ) {
    this.near = Netns.create(scope, { ...SETTINGS, ...sysctls });
    this.far = Netns.create(scope, SETTINGS);
    link(this.near, this.far, LINKS);
  }

  /** A program of test/programs that serves both families. */
  async serve(name: string, port: number): Promise<void> {
    await program(this.scope, this.far, name, '::', port);
  }

  /** Closes after each response. */
  async nginx(port: number): Promise<void> {
    await nginx(this.scope, this.far, { address: SERVER[4], port, workers: 1 });
  }

  /** A program of test/programs that connects as long as it lives, and keeps no tally. */
  async client(name: string, family: 4 | 6, port: number): Promise<void> {
    await program(this.scope, this.near, name, SERVER[family], port);
  }

  /** Starts scripts, by their names; they wait for their first round. */
  async cast(scripts: Record<string, ScriptOptions>): Promise<void> {
    for (const [name, options] of Object.entries(scripts))
      this.scripts.push(await Script.start(this.scope, this.near, name, options));
    this.bindsFirst = Object.values(scripts).some(({ bind }) => bind !== undefined);
  }

  /** Nothing answers at this port, over IPv4. */
  silence(port: number): void {
    rule(this.far, '-p', 'tcp', '--dport', String(port), '-j', 'DROP');
  }

  /** Somebody has bound these ports, and no connect() may use them. */
  async hold(...ports: number[]): Promise<void> {
    const words = ['/usr/bin/python3', HOLD_PORTS, ...ports.map(String)];
    await (await start(this.scope, words, { netns: this.near })).printed(/ready/);
    for (const port of ports) this.bound.add(port);
  }

  reports(): Report[] {
    return this.scripts.map((script) => script.report());
  }

  /** Of each of its two namespaces. */
  truths(): [Netns, Truth][] {
    const { near, far, bound, bindsFirst } = this;
    const scripts = this.reports();
    const nobody = { bound: new Set<number>(), bindsFirst: false };
    return [
      [near, { kernel: kernelOf(near), scripts, visitors: [], bound, bindsFirst }],
      [far, { kernel: kernelOf(far), scripts: [], visitors: scripts, ...nobody }],
    ];
  }
}

/** One namespace at a moment when its rows and the truth were the same. */
export interface Agreed {
  stack: Stack;
  netns: Netns;
  told: Told;
  truth: Truth;
}

export class Scene {
  readonly stacks: Stack[] = [];

  constructor(private readonly scope: Scope) {}

  stack(name: string, sysctls: Sysctls = {}): Stack {
    const stack = new Stack(this.scope, name, sysctls);
    this.stacks.push(stack);
    return stack;
  }

  /** Call it when all stacks are made, before their clients are. */
  observe(...flags: string[]): Promise<Service> {
    return startService(this.scope, ...flags);
  }

  /** One round of every script that lives, all at the same time. */
  async play(): Promise<void> {
    const scripts = this.stacks.flatMap((stack) => stack.scripts.filter(({ isAlive }) => isAlive));
    await Promise.all(scripts.map((script) => script.play()));
  }

  /**
   * When the traffic is over: waits until every row equals the truth, and throws with what differs when it does not come to that.
   * The kernel is asked before the service and after it, since entries end by their timers meanwhile.
   */
  async agrees(service: Service): Promise<Agreed[]> {
    let wrong: string[] = [];
    const agreed = await within(AGREED_MS, 250, async () => {
      const looks = (await Promise.all(this.stacks.map((stack) => read(service, stack)))).flat();
      wrong = looks.flatMap(differ);
      return wrong.length === 0 && !looks.some(hasMoved) ? looks : null;
    });
    if (agreed === null) throw new Error(`the rows differ:\n${wrong.join('\n')}`);
    return agreed;
  }

  /** Waits until the TIME_WAIT entries that are there now have ended: a minute after they came. */
  async expired(): Promise<void> {
    const all = () => this.stacks.flatMap(({ near, far }) => [near, far]).map(entriesOf);
    const before = all();
    const isOver = () => all().every((entries, i) => [...entries].every((entry) => !before[i]?.has(entry)));
    const done = await within(EXPIRED_MS, 2000, async () => isOver() || null);
    if (done === null) throw new Error(`entries are left after ${EXPIRED_MS} ms`);
  }
}

function entriesOf(netns: Netns): Set<string> {
  const entries = socketsOf(netns).filter(({ state }) => state === 'TIME-WAIT');
  return new Set(entries.map(({ local, remote }) => `${local} ${remote}`));
}

/** Nobody announces what the kernel lists, and asking costs: asks every so often. Null: it did not come to it. */
async function within<T>(ms: number, everyMs: number, ask: () => Promise<T | null>): Promise<T | null> {
  const deadline = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== null || performance.now() > deadline) return answer;
    await pause(everyMs);
  }
}

async function read(service: Service, stack: Stack): Promise<Agreed[]> {
  const truths = stack.truths();
  const tables = await Promise.all(truths.map(([netns]) => toldOf(service, netns)));
  return truths.map(([netns, truth], i) => ({ stack, netns, truth, told: tables[i] as Told }));
}

function differ({ stack, netns, told, truth }: Agreed): string[] {
  const place = `${stack.name} ${netns === stack.near ? 'clients' : 'servers'}`;
  return differences(told, truth).map((what) => `${place}, ${what}`);
}

/** The kernel's list is another one by now. */
const hasMoved = ({ netns, truth }: Agreed) => listOf(socketsOf(netns)) !== listOf(truth.kernel.sockets);

const listOf = (sockets: readonly KernelSocket[]) =>
  sockets
    .flatMap(({ state, local, remote }) => (state === 'LISTEN' ? [] : `${state} ${local} ${remote}`))
    .sort()
    .join('\n');

async function toldOf(service: Service, netns: Netns): Promise<Told> {
  const query = { filter: `netns:${netns.inode}`, limit: ALL_ROWS };
  const rows = async <T extends TableTopic>(topic: T) => (await service.snapshot(topic, query)).rows;
  const [[totals], flows, budgets, failures] = await Promise.all([
    rows('totals'),
    rows('flows'),
    rows('budgets'),
    rows('failures'),
  ]);
  if (totals === undefined) throw new Error(`${netns.name} has no row`);
  return { totals, flows, budgets, failures };
}
