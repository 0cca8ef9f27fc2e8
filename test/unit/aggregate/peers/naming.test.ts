/** What destinations are called: given to flows that are there, taken away again, and nothing is touched that stays as it is. */
import { expect, it } from 'vitest';
import { Naming } from '../../../../src/aggregate/peers/naming.js';
import type { KnownNames } from '../../../../src/aggregate/peers/places.js';
import { DIRECTION, EVENT } from '../../../../src/decode/layout.js';
import { announced, type Connection, eventOf, World } from '../../../support/aggregate-world.js';
import { addressBytes } from '../../../support/records.js';

it('names come with the next second, and go with the file', () => {
  const world = new World();
  const one: Connection = {
    ...{ cookie: 1, owner: 1, direction: DIRECTION.OUT, netns: 1, flags: 0, remote: '10.0.0.7', port: 5432 },
  };
  const ends = {
    laddr: addressBytes('10.0.0.2'),
    lport: 40_000,
    raddr: addressBytes('10.0.0.7'),
    rport: 5432,
  };
  world.feed(announced(1), eventOf(one, EVENT.ESTABLISHED, { newstate: 1, oldstate: 2, ...ends }));
  let name: string | null = 'db.internal';
  const names: KnownNames = {
    changes: 1,
    serviceOf: (port) => (port === 5432 ? 'postgresql' : null),
    nameOf: (_, address) => (address === '10.0.0.7' ? name : null),
    ask: () => undefined,
  };
  const { flows } = world.aggregator;
  const naming = new Naming(world.aggregator, names);
  const row = () => world.flows().find(({ direction }) => direction === 'out')?.destination;
  expect(row()).toMatchObject({ name: null, service: null });
  naming.tick();
  expect(row()).toMatchObject({ name: 'db.internal', service: 'postgresql' });
  flows.takeDirty();
  naming.tick();
  expect(flows.takeDirty()).toEqual([]);
  name = null;
  naming.tick();
  expect(row()).toMatchObject({ name: null, service: 'postgresql' });
});
