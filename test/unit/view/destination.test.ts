/** What stands beside an address: who listens there, else its name. */
import { expect, it } from 'vitest';
import type { Destination, ProcessInfo } from '../../../src/protocol/rows.js';
import { otherEnd, withOtherEnd } from '../../../src/view/destination.js';
import { flow, proc } from '../publish/rows.js';

const to = (destination: Partial<Destination>) => flow('f', { destination }).destination;
const postgres = (where: Partial<ProcessInfo> = {}) => ({
  peer: { process: proc({ name: 'postgres', ...where }) },
});

it.each([
  ['the process', postgres(), 'postgres'],
  ['where it runs', postgres({ container: 'db' }), 'postgres in db'],
  [
    'the pod before the container',
    postgres({ container: 'db', pod: 'shop/db-0' }),
    'postgres in pod shop/db-0',
  ],
  ['the process before a name', { ...postgres(), name: 'db.internal' }, 'postgres'],
  ['the name', { name: 'db.internal' }, 'db.internal'],
  ['nothing', {}, null],
])('%s', (_, destination, words) => {
  expect(otherEnd(to(destination))).toBe(words);
});

it('stands behind the address where there is room for a part of it', () => {
  const destination = to(postgres());
  expect(withOtherEnd('10.0.0.9:80', destination, 40)).toBe('10.0.0.9:80 postgres');
  expect(withOtherEnd('10.0.0.9:80', destination, 17)).toBe('10.0.0.9:80 postgres');
  expect(withOtherEnd('10.0.0.9:80', destination, 16)).toBe('10.0.0.9:80');
});
