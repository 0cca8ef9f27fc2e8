/** One inode, several namespaces one after the other: which of them has it now. */
import { expect, it } from 'vitest';
import { NamespaceTable } from '../../../../src/aggregate/tables/namespace-table.js';

const INODE = 4_026_532_001;
const living = (table: NamespaceTable) =>
  [...table.all()].filter(({ isLiving }) => isLiving).map(({ key }) => key);

it('the one that something happened in last has the inode, and the other one is gone', () => {
  const table = new NamespaceTable(10);
  table.of(7, INODE);
  expect([living(table), table.takeGone()]).toEqual([['7'], []]);
  // Cookies are handed out per processor: a younger namespace may have a smaller one.
  table.of(5, INODE);
  expect([living(table), table.takeGone()]).toEqual([['5'], ['7']]);
  table.of(6, INODE + 1);
  expect(living(table)).toEqual(['5', '6']);
});

it('what overflowed earlier does not bring one back', () => {
  const table = new NamespaceTable(10);
  const [before, now] = [table.of(7, INODE), table.of(9, INODE)];
  expect(table.ofPast(7, INODE)).toBe(before);
  table.delete(before);
  expect(table.ofPast(7, INODE)).toBe(before);
  expect([table.ofPast(9, INODE), living(table)]).toEqual([now, ['9']]);
  expect(table.takeGone()).toEqual(['7', '7']);
});

it('one that only overflowed counters know has the inode that nobody else has', () => {
  const table = new NamespaceTable(10);
  table.ofPast(7, INODE);
  expect(living(table)).toEqual(['7']);
});

it('one that was only out of sight has its inode again', () => {
  const table = new NamespaceTable(10);
  table.delete(table.of(7, INODE));
  expect(living(table)).toEqual([]);
  table.of(7, INODE);
  expect([living(table), table.takeGone()]).toEqual([['7'], []]);
});

it('those that find no room share one that lives', () => {
  const table = new NamespaceTable(1);
  table.of(7, INODE);
  expect(table.of(9, INODE)).toBe(table.rest);
  expect([living(table), table.takeGone()]).toEqual([['7', '0'], []]);
});
