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
