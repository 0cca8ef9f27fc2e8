/** When the ring is looked at again: soon while much comes, later while little does, seldom while nothing does. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RingDrain } from '../../../src/capture/ring-drain.js';

const BATCH_BYTES = 256 * 1024;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Times, ms, at which a ring is drained that gives these byte counts one after the other, then nothing. */
function drains(bytes: readonly number[], count: number): number[] {
  const began = Date.now();
  const times: number[] = [];
  const left = [...bytes];
  const drain = () => {
    times.push(Date.now() - began);
    return left.shift() ?? 0;
  };
  const never = (error: Error) => {
    throw error;
  };
  const ring = new RingDrain(
    { drain },
    new Uint8Array(BATCH_BYTES),
    () => undefined,
    never,
    () => true,
  );
  ring.start();
  while (times.length < count) vi.advanceTimersByTime(1);
  ring.stop();
  return times;
}

it('looks every 16 ms while little comes', () => {
  expect(drains([96, 96, 96, 96], 4)).toEqual([16, 32, 48, 64]);
});

it('looks every 4 ms while much comes, and less often once it is little again', () => {
  expect(drains([40_000, 10_000, 10_000, 5000, 96], 6)).toEqual([16, 20, 24, 28, 44, 60]);
});

it('looks less and less often while nothing comes, and at least every 64 ms', () => {
  expect(drains([], 5)).toEqual([16, 48, 112, 176, 240]);
  expect(drains([0, 0, 0, 96], 5)).toEqual([16, 48, 112, 176, 192]);
});

it('takes full batches one after the other, with a turn of the event loop after four', () => {
  const full = BATCH_BYTES - 100;
  const times = drains([full, full, full, full, full, 96], 6);
  expect(times.slice(0, 4)).toEqual([16, 16, 16, 16]);
  expect(Math.max(...times)).toBeLessThan(16 + 4);
});
