/**
 * What containers call a place to which the host and they connect: each its own name, the host none. In: a runtime's containers. Out: nothing, or an
 * assertion fails. Nobody listens there, and each connection is of a process that ends at once.
 */
import { expect } from 'vitest';
import { start } from '../support/process.js';
import type { Scope } from '../support/scope.js';
import type { View } from '../support/watch.js';

const PLACE = '10.77.0.9';
const TRIES = `while true; do nc ${PLACE} 7 < /dev/null; sleep 0.2; done`;

export interface WithHosts {
  /** Starts a container that goes on, in whose hosts file this name stands before others. */
  long(name: string, script: string, host: readonly [name: string, address: string]): Promise<void>;
  /** Changes what the hosts file of this container says. */
  rewrite(name: string, line: string): Promise<void>;
  remove(name: string): Promise<void>;
}

export async function namedByOwnHosts(scope: Scope, view: View, containers: WithHosts): Promise<void> {
  view.netns.exec('ip', 'address', 'add', `${PLACE}/32`, 'dev', 'lo');
  await start(scope, ['busybox', 'sh', '-c', TRIES.replace('nc', 'busybox nc')], { netns: view.netns });
  await containers.long('one', TRIES, ['db.one', PLACE]);
  await containers.long('two', TRIES, ['db.two', PLACE]);
  const namesOf = (container: string | null) => {
    const rows = view.flows('out').filter((row) => row.destination.address === PLACE);
    const own = rows.filter(({ process }) => process.container === container);
    return [...new Set(own.map(({ destination }) => destination.name))].sort();
  };
  const called = (container: string, name: string) =>
    view.watch.until(
      () => namesOf(container).join() === name,
      `the place called ${name} by ${container}`,
      60_000,
    );
  await called('one', 'db.one');
  await called('two', 'db.two');
  await containers.rewrite('one', `${PLACE} db.new`);
  await called('one', 'db.new');
  expect([namesOf('two'), namesOf(null)]).toEqual([['db.two'], [null]]);
  for (const name of ['one', 'two']) await containers.remove(name);
}
