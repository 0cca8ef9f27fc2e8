/** Now, by both clocks; and turns of the event loop, which end by the clock. */
import type { Moment } from '../aggregate/history/history.js';
import type { Pace } from '../diagnose/diagnosis.js';
import { bootClock } from '../system/clock.js';

export function moment(): Moment {
  const ms = Number(process.hrtime.bigint()) / 1e6;
  return { ms, unixMs: bootClock.unixMsAtZero + ms };
}

/** The loop is free again after so long, ms, and after one step of work on top. */
const TURN_MS = 15;

export const PACE: Pace = {
  begin: () => {
    const end = performance.now() + TURN_MS;
    return { over: () => performance.now() >= end };
  },
  later: (proceed) => {
    setImmediate(proceed);
  },
};
