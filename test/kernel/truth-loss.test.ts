/** The ring is far too small and nobody drains it: details are lost, but no TIME_WAIT entry loses its owner. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { churnServer, readLog } from '../support/churngen.js';
import { quiet } from '../support/counters.js';
import { KEPT, Netns } from '../support/netns.js';
import { testScope } from '../support/scope.js';
import { dumper } from '../support/socket-dump.js';
import { audited, compare, Truth } from '../support/truth.js';
import { Watch } from '../support/watch.js';

const CHURNGEN = fileURLToPath(new URL('../../out/tools/churngen', import.meta.url));
const COUNT = 3000;

it('entries whose every event was lost have the owner that the log says', async () => {
  const scope = testScope();
  const netns = Netns.create(scope, KEPT);
  const directory = scope.directory();
  const log = (name: string) => join(directory, name);
  const interest = { all: false, pids: [] };
  const watch = await Watch.start(scope, [netns], { ringBytes: 1 << 16, interest });
  const listen = ['127.0.0.1:9000', '127.0.0.1:9001=first'];
  const server = await churnServer(scope, netns, listen, { log: log('server') });
  /* This process, and so the engine, stands still meanwhile. */
  const burst = (name: string, ...words: string[]) =>
    netns.exec(CHURNGEN, 'client', '--count', String(COUNT), '--log', log(name), ...words);
  burst('first', '--to', '127.0.0.1:9000');
  burst('second', '--to', '127.0.0.1:9001', '--close', 'server');
  burst('bound', '--to', '127.0.0.1:9000', '--bind', '127.0.0.1:0');
  quiet(netns);
  await server.stop();
  await audited(watch, [netns]);

  const truth = new Truth();
  for (const name of ['server', 'first', 'second', 'bound']) truth.add(readLog(log(name)));
  const { entries, faults } = await compare(watch, dumper(scope), netns, truth);
  expect(faults.slice(0, 10)).toEqual([]);
  expect(entries).toBeGreaterThan(2 * COUNT);
  expect(watch.totals(netns)).toMatchObject({ timeWait: entries, timeWaitAttributed: entries, coverage: 1 });
  /* The folds know whose, not toward what: all of a process stands in one row. */
  const opens = { out: 0, in: 0 };
  for (const row of watch.flows()) opens[row.direction as 'out' | 'in'] += row.opened ?? 0;
  expect(opens).toEqual({ out: 3 * COUNT, in: 3 * COUNT });
  expect(watch.engine.source.health()?.lost.ring).toBeGreaterThan(entries);
});
