/**
 * What each runtime's containers do in the tests, and what is seen of it: one that stays and ten that live 0.2 s connect; a service that starts later, a
 * new name and the end of the container follow. In: a runtime. Out: nothing, or an assertion fails.
 */
import { expect } from 'vitest';
import type { FlowRow, ProcessInfo } from '../../src/protocol/rows.js';
import type { Places } from '../../src/system/containers/stores.js';
import { churnServer } from '../support/churngen.js';
import { type Scope, testScope } from '../support/scope.js';
import { View, Watch } from '../support/watch.js';

/** In the environment of each container, and in no output. */
export const SECRET = 'canary-5f1e';
const PEER = '127.0.0.1:9000';
export const CONNECT = 'nc 127.0.0.1 9000 < /dev/null; sleep 0.2';
export const STAYS = `while true; do ${CONNECT}; done`;
const SHORT = Array.from({ length: 10 }, (_, i) => `job-${i}`);

export interface Containers {
  /** Runs a script in a new container, to its end. */
  short(name: string, script: string): Promise<void>;
  /** Starts a container that goes on. */
  long(name: string, script: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Null: a container of this runtime keeps its name as long as it runs. */
  readonly rename: ((from: string, to: string) => Promise<void>) | null;
  /** What else its rows say. */
  readonly place: Partial<ProcessInfo>;
}

/** Hears the watch of the file, and one that begins when the container has been there for a while. */
export async function namedAllAlong(
  scope: Scope,
  view: View,
  containers: Containers,
  containerPlaces?: Places,
): Promise<void> {
  await churnServer(scope, view.netns, [PEER]);
  await containers.long('orders', STAYS);
  for (const name of SHORT) await containers.short(name, CONNECT);
  const rows = await view.containers(['orders', ...SHORT]);
  for (const { process } of rows) expect(process).toMatchObject({ ...containers.place, unit: null });

  const again = await Watch.start(testScope(), [view.netns], containerPlaces ? { containerPlaces } : {});
  const later = new View(again, view.netns);
  expect(await later.containers(['orders'])).toMatchObject([{ process: containers.place }]);
  const last = containers.rename === null ? 'orders' : 'orders-old';
  await containers.rename?.('orders', last);
  for (const one of [view, later]) await renamed(one, 'orders', last);

  await containers.remove(last);
  for (const one of [view, later]) await goneButNamed(one, last);
  expect(JSON.stringify([...view.flows(), ...later.flows()])).not.toContain(SECRET);
}

/** Nothing is read from disk: the socket alone says it, also of what was renamed. */
export async function namedBySocket(view: View, containers: Containers, socket: string): Promise<void> {
  const options = { containerPlaces: { docker: [], containerd: [], podman: [] }, containerSockets: [socket] };
  await containers.long('carts', STAYS);
  const watch = await Watch.start(testScope(), [view.netns], options);
  const asking = new View(watch, view.netns);
  await asking.containers(['carts']);
  await containers.short('task', CONNECT);
  for (const { process } of await asking.containers(['carts', 'task']))
    expect(process).toMatchObject({ ...containers.place, unit: null });
  await containers.rename?.('carts', 'carts-old');
  await renamed(asking, 'carts', 'carts-old');
  expect(JSON.stringify(asking.flows())).not.toContain(SECRET);
  await containers.remove('carts-old');
}

/** Also where nothing happens any more. */
async function renamed(view: View, from: string, to: string): Promise<void> {
  const rowsOf = (name: string) => view.flows('out').filter(({ process }) => process.container === name);
  const isDone = () => rowsOf(to).length > 0 && (from === to || rowsOf(from).length === 0);
  await view.watch.until(isDone, `${from} called ${to}`, 30_000);
}

/** Every process of the container has ended, and its rows say whose they were. */
export async function goneButNamed(view: View, name: string): Promise<void> {
  const rows = () => view.flows('out').filter(({ process }) => process.container === name);
  const ended = ({ process }: FlowRow) => process.exited === true;
  await view.watch.until(() => rows().length > 0 && rows().every(ended), `the end of ${name}`);
}
