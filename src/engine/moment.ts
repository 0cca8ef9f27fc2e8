/** Now, by both clocks. */
import type { Moment } from '../aggregate/history/history.js';
import { bootClock } from '../system/clock.js';

export function moment(): Moment {
  const ms = Number(process.hrtime.bigint()) / 1e6;
  return { ms, unixMs: bootClock.unixMsAtZero + ms };
}
