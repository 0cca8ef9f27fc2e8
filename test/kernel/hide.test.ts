/** A process cannot hide: a socket that leaves the tracer no room for its state is traced all the same, with its owner. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { churnServer } from '../support/churngen.js';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { Watch } from '../support/watch.js';

const COUNT = 20;

const count = (watch: Watch, type: string) => watch.events.filter((event) => event.type === type).length;

const SCRIPT = join(import.meta.dirname, 'hide.py');
const MANY = join(import.meta.dirname, 'hide_many.py');

it.each([{}, { portableVerdict: true }])(
  'connections of sockets whose option memory is full: %j',
  async (options) => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const watch = await Watch.start(scope, [netns], options);
    await churnServer(scope, netns, ['127.0.0.1:9000']);
    const words = ['python3', SCRIPT, '127.0.0.1', '9000', String(COUNT)];
    const program = await start(scope, words, { netns });
    await program.printed(/closed/);
    await watch.until(() => count(watch, 'closed') >= 2 * COUNT, 'both ends');
    const out = watch.flows().filter(({ direction }) => direction === 'out');
    expect(out).toMatchObject([
      { opened: COUNT, closed: COUNT, closedFirst: COUNT, process: { pid: program.pid }, lowerBound: false },
    ]);
    expect(count(watch, 'established')).toBe(COUNT);
    expect(watch.engine.source.health()?.problems).toContainEqual(
      expect.objectContaining({ what: expect.stringMatching(`^${COUNT} sockets had no memory left`) }),
    );
  },
);

it('more of these at one time than states are kept for: what was seen open keeps its owner', async () => {
  const many = 9000;
  const scope = testScope();
  const netns = Netns.create(scope, { 'net.core.optmem_max': 1 });
  const watch = await Watch.start(scope, [netns], { ringBytes: 1 << 24 });
  const server = await churnServer(scope, netns, ['127.0.0.1:9000']);
  const words = ['python3', MANY, '127.0.0.1', '9000', String(many)];
  const program = await start(scope, words, { netns });
  await program.printed(/open/);
  const open = () => watch.flows().reduce((sum, row) => sum + (row.established ?? 0), 0);
  await watch.until(() => open() === 2 * many, 'both ends');
  program.write('\n');
  await program.printed(/closed/);
  await watch.until(() => watch.totals(netns)?.closed === 2 * many, 'closes');
  const whole = { opened: many, closed: many, preexisting: 0 };
  const rows = (direction: string) => watch.flows().filter((row) => row.direction === direction);
  expect(rows('out')).toMatchObject([{ ...whole, closedFirst: many, process: { pid: program.pid } }]);
  expect(rows('in')).toMatchObject([{ ...whole, closedFirst: 0, process: { pid: server.pid } }]);
  expect(watch.engine.source.health()?.problems).toContainEqual(
    expect.objectContaining({ what: expect.stringMatching(/sockets had no memory left/) }),
  );
});
