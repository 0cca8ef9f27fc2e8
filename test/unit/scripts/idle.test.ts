/** Whose sessions a program that runs on what others leave has to make light of. */
import { expect, it } from 'vitest';
import { placeOf, sessionsBelow } from '../../../scripts/lib/idle.js';

it('a process’s place is read from the text of /proc, whatever its name', () => {
  expect(placeOf('41 (a) R 9 (b) S 7 30 5 0 -1 4194304')).toEqual({ pid: 41, parent: 7, session: 5 });
});

it('the sessions are those of the program and of all below it, in any order, and of nobody else', () => {
  const place = (pid: number, parent: number, session: number) => ({ pid, parent, session });
  const all = [place(9, 8, 9), place(8, 5, 5), place(5, 1, 5), place(7, 1, 7), place(1, 0, 1)];
  expect(sessionsBelow(all, 5)).toEqual(new Set([5, 9]));
});
