/** What a destination is called, in a sentence and beside its address. */
import { expect, it } from 'vitest';
import {
  besideAddress,
  besideIn,
  endpointInSentence,
  hostOf,
  otherEnd,
  parted,
  withoutNames,
} from '../../../src/protocol/parts/destination.js';
import type { Destination, ProcessInfo } from '../../../src/protocol/rows.js';
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
  const behind = words === null ? '' : ` (${words})`;
  expect(endpointInSentence(to(destination))).toBe(`10.0.0.9:80${behind}`);
});

it('an endpoint without names is its address, and what is not known at all is nothing', () => {
  expect(endpointInSentence({ address: '::1', port: 80 })).toBe('[::1]:80');
  expect(endpointInSentence({ address: null, port: null })).toBeNull();
  expect(besideAddress({ address: '::1', port: 80 })).toEqual([]);
});

it('a process that calls itself anything does not fill a sentence', () => {
  const at = endpointInSentence(to(postgres({ name: 'x'.repeat(255) })));
  expect(at).toBe(`10.0.0.9:80 (${'x'.repeat(63)}…)`);
});

it('beside an address stands what there is, the longest first', () => {
  const all = to({ ...postgres(), service: 'postgresql' });
  expect(besideAddress(all)).toEqual(['postgresql → postgres', '→ postgres']);
  expect(besideAddress(to({ service: 'http' }))).toEqual(['http']);
  expect(besideAddress(to({ name: 'db.internal' }), '->')).toEqual(['-> db.internal']);
});

it('as much of it as has room, else nothing', () => {
  const texts = ['postgresql → postgres', '→ postgres'];
  const cut = (text: string, width: number) => `${text.slice(0, width - 1)}…`;
  const inRoom = (room: number) => besideIn(texts, room, cut, (text) => text.length);
  expect(inRoom(22)).toBe(' postgresql → postgres');
  expect(inRoom(21)).toBe(' → postgres');
  expect(inRoom(10)).toBe(' → postgr…');
  expect(inRoom(7)).toBe('');
  expect(besideIn([], 40, cut, (text) => text.length)).toBe('');
});

it('a sentence loses names before words: whole, in parts, or the addresses alone', () => {
  const places = [to({ address: '10.0.0.8' }), to(postgres())];
  const text = 'Out of ports to 10.0.0.9:80 (postgres). 3 connects/s fail.';
  expect(parted(text, places)).toEqual([
    'Out of ports to 10.0.0.9:80',
    ' (postgres)',
    '. 3 connects/s fail.',
  ]);
  expect(withoutNames(text, places)).toBe('Out of ports to 10.0.0.9:80. 3 connects/s fail.');
  const other = 'Ports are fine (postgres).';
  expect(parted(other, places)).toEqual([other, '', '']);
  expect(withoutNames(other, places)).toBe(other);
});

it('of a machine without a port nobody is said to listen', () => {
  const host = hostOf(to({ ...postgres(), name: 'db.internal', service: 'http' }));
  expect(host).toEqual({ address: '10.0.0.9', port: null, name: 'db.internal', service: null, peer: null });
});
