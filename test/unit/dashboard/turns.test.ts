import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Steps } from '../../../dashboard/state/steps.js';
import { inTurn, leaveTurn } from '../../../dashboard/state/turns.js';

let frames: (() => void)[] = [];
/** The browser draws the next frame. */
const frame = () => {
  for (const run of frames.splice(0)) run();
};

beforeEach(() => {
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run));
});
afterEach(() => vi.unstubAllGlobals());

it('does one piece of work in each frame, in the order in which they were asked for', () => {
  const done: string[] = [];
  for (const name of ['rows', 'charts', 'map']) inTurn({}, () => done.push(name));
  expect(done).toEqual([]);
  frame();
  expect(done).toEqual(['rows']);
  frame();
  frame();
  expect(done).toEqual(['rows', 'charts', 'map']);
  expect(frames).toEqual([]);
});

it('does only the newest of what one owner wants, in the place of the first', () => {
  const done: string[] = [];
  const owner = {};
  inTurn(owner, () => done.push('old'));
  inTurn({}, () => done.push('other'));
  inTurn(owner, () => done.push('new'));
  frame();
  frame();
  expect(done).toEqual(['new', 'other']);
});

it('goes on after work that asks for more, and after a failure', () => {
  const done: string[] = [];
  const owner = {};
  inTurn(owner, () => {
    inTurn(owner, () => done.push('again'));
    throw new Error('this one fails');
  });
  inTurn({}, () => done.push('other'));
  expect(frame).toThrow('this one fails');
  frame();
  frame();
  expect(done).toEqual(['other', 'again']);
});

it('does all that waits in a frame that comes late, and what that asks for', () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(1_000);
  const done: string[] = [];
  const owner = {};
  inTurn(owner, () => {
    done.push('flows');
    inTurn(owner, () => done.push('budgets'));
  });
  inTurn({}, () => done.push('charts'));
  now.mockReturnValue(1_200);
  frame();
  now.mockRestore();
  expect(done).toEqual(['flows', 'charts', 'budgets']);
});

it('draws flows, then budgets, then the rest, though flows change all the time', () => {
  const steps = new Steps();
  const all = [1, 2, 3, 4, 5, 6].map(() => steps.next(() => true));
  expect(all).toEqual(['flows', 'budgets', null, 'flows', 'budgets', null]);
  expect([1, 2].map(() => steps.next((topic) => topic === 'budgets'))).toEqual(['budgets', null]);
  expect(steps.next(() => false)).toBeNull();
});

it('does nothing for whoever has left', () => {
  const work = vi.fn();
  const owner = {};
  inTurn(owner, work);
  leaveTurn(owner);
  frame();
  expect([work.mock.calls.length, frames]).toEqual([0, []]);
});
