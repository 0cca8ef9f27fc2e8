/** In which order the remedies of one incident stand, by when each of them is found. */
import { expect, it } from 'vitest';
import { Board } from '../../../../src/diagnose/remedies/board.js';
import { type Offer, savedOffer } from '../../../../src/diagnose/remedies/offers.js';
import type { RemedyRole } from '../../../../src/protocol/rows.js';
import { remedy } from '../../publish/rows.js';

const offer = (role: RemedyRole, text: string): Offer => savedOffer(remedy(role, { text }), 0);
const REFUSAL = offer('will-not-help', 'tcp_fin_timeout');
const CURE = offer('fix-for-good', 'Make one pool.');
const NOW = offer('do-now', 'Restart it.');
const LATE = offer('fix-for-good', 'Close what was opened.');

/** @param seconds from the opening on, and what is offered in each of them */
function after(board: Board, seconds: readonly number[], offers: readonly Offer[]): string[] {
  for (const at of seconds) board.step(offers, () => null, at * 1000);
  return board.remedies.map(({ text }) => text);
}

it('what to do stands before what will not help, however long nothing to do was known', () => {
  const board = new Board(0);
  expect(after(board, [0, 15, 30], [REFUSAL])).toEqual(['tcp_fin_timeout']);
  after(board, [31], [NOW, REFUSAL]);
  const all = ['Make one pool.', 'Restart it.', 'tcp_fin_timeout'];
  expect(after(board, [33, 41], [CURE, NOW, REFUSAL])).toEqual(all);
  expect(after(board, [42, 60], [LATE, CURE, NOW, REFUSAL])).toEqual([...all, 'Close what was opened.']);
});
