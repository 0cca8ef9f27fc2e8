/** Connections that nobody drains the ring for, so that it overflows. */
import { fileURLToPath } from 'node:url';
import { quiet } from './counters.js';
import type { Netns } from './netns.js';

const CHURNGEN = fileURLToPath(new URL('../../out/tools/churngen', import.meta.url));

/** Runs the generator until both ends are done, while this process, and so the engine, stands still: nothing is drained. */
export function burst(netns: Netns, ...words: string[]): void {
  netns.exec(CHURNGEN, 'client', ...words);
  quiet(netns);
}
