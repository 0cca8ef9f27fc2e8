/** Loops that want a processor each, all the time: what a machine at load 20 is. */
import { start } from './process.js';
import type { Scope } from './scope.js';

/** Like everything a test starts they end with it; after this time in any case. */
const SECONDS = 600;

export async function busyLoops(scope: Scope, count: number): Promise<void> {
  const words = ['timeout', String(SECONDS), 'sh', '-c', 'while :; do :; done'];
  await Promise.all(Array.from({ length: count }, () => start(scope, words)));
}
