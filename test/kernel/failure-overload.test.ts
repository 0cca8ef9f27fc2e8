/** Failures that the ring cannot hold: how many of each errno stays exact, toward where is said not to be known. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { failures } from '../support/failing.js';
import { Netns } from '../support/netns.js';
import { testScope } from '../support/scope.js';
import { View, Watch } from '../support/watch.js';

const CHURNGEN = fileURLToPath(new URL('../../out/tools/churngen', import.meta.url));
const EACH = 2000;
const BIND = `import socket
for _ in range(${EACH}):
    try: socket.socket().bind(("10.99.0.1", 0))
    except OSError: pass`;

it('a burst of failures is counted by errno and call, whatever the ring had room for', async () => {
  const scope = testScope();
  const netns = Netns.create(scope);
  const watch = await Watch.start(scope, [netns], { ringBytes: 1 << 16 });
  const view = new View(watch, netns);
  /* Nothing is drained while these run: they hold this process, and so the engine. */
  netns.exec(CHURNGEN, 'client', '--to', '127.0.0.1:9', '--count', String(EACH));
  netns.exec(CHURNGEN, 'client', '--to', '10.99.0.1:9', '--count', String(EACH));
  netns.exec('/usr/bin/python3', '-c', BIND);
  const sum = (errno: string, call: string) =>
    failures(view).reduce(
      (total, row) => total + (row.errno === errno && row.call === call ? row.count : 0),
      0,
    );
  const sums = () => [
    sum('ECONNREFUSED', 'connect'),
    sum('ENETUNREACH', 'connect'),
    sum('EADDRNOTAVAIL', 'bind'),
  ];
  await watch.until(() => sums().every((one) => one >= EACH), 'what the ring had no room for');
  expect(sums()).toEqual([EACH, EACH, EACH]);
  const rows = failures(view);
  const [seen] = rows.filter(({ destination }) => destination.port === 9);
  expect(seen).toMatchObject({ errno: 'ECONNREFUSED', cause: 'refused', lowerBound: true });
  const unknown = rows.filter(({ destination }) => destination.address === null);
  expect(unknown.map(({ errno, cause }) => `${errno} ${cause}`).sort()).toEqual([
    'EADDRNOTAVAIL foreign-address',
    'ECONNREFUSED refused',
    'ENETUNREACH unreachable',
  ]);
  expect(watch.totals(netns)?.failed).toBe(2 * EACH);
});
