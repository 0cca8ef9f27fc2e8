import { describe, expect, it } from 'vitest';
import { backoff, reasonOf } from '../../../src/client/link.js';

describe('the link', () => {
  it('tells from the health answer why a handshake failed', () => {
    const reasons = [401, 503, 403, 421, 200].map((status) => reasonOf({ status, ok: status === 200 }));
    expect(reasons).toEqual(['unauthorized', 'stopped', 'refused', 'refused', 'dropped']);
    expect(reasonOf(null)).toBe('unreachable');
  });

  it('is retried later and later, up to 15 s, each time somewhere in the upper half', () => {
    expect([0, 1, 2].map((attempt) => backoff(attempt, 1))).toEqual([500, 1_000, 2_000]);
    expect([backoff(3, 0), backoff(3, 1)]).toEqual([2_000, 4_000]);
    expect([backoff(500, 0), backoff(500, 1)]).toEqual([7_500, 15_000]);
  });
});
