/**
 * Stacks on one host at the same time, under one service, and all of their rows beside what is true of them.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { TableTopic } from '../../../src/protocol/frames.js';
import type { Netns, Sysctls } from '../netns.js';
import { patient } from '../patience.js';
import type { Scope } from '../scope.js';
import { type Service, startService } from '../service.js';
import { differences } from './compare.js';
import { type KernelSocket, socketsOf } from './kernel.js';
import type { Shown, Truth } from './shown.js';
import { Stack } from './stack.js';

const ALL_ROWS = 5000;
/** A close that the kernel hid is known after the next audit; an idle namespace has one each 30 s. */
const AGREED_MS = patient(60_000);
const EXPIRED_MS = patient(75_000);

/** One namespace at a moment when its rows and the truth were the same. */
export interface Agreed {
  stack: Stack;
  netns: Netns;
  shown: Shown;
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
  return truths.map(([netns, truth], i) => ({ stack, netns, truth, shown: tables[i] as Shown }));
}

function differ({ stack, netns, shown, truth }: Agreed): string[] {
  const place = `${stack.name} ${netns === stack.near ? 'clients' : 'servers'}`;
  return differences(shown, truth).map((what) => `${place}, ${what}`);
}

/** The kernel's list is another one by now. */
const hasMoved = ({ netns, truth }: Agreed) => listOf(socketsOf(netns)) !== listOf(truth.kernel.sockets);

const listOf = (sockets: readonly KernelSocket[]) =>
  sockets
    .flatMap(({ state, local, remote }) => (state === 'LISTEN' ? [] : `${state} ${local} ${remote}`))
    .sort()
    .join('\n');

async function toldOf(service: Service, netns: Netns): Promise<Shown> {
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
