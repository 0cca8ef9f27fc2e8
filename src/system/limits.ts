/**
 * What this service cannot answer, and what would mend that, in words: the same on every surface. Enters: how it traces.
 * Leaves: limitations, none when nothing is missing. Called by the engine and by doctor. Pure.
 */
import type { Limitation, VerdictPath } from '../protocol/frames.js';

/** @param reason why the kernel takes no programs, `fix` what would mend that */
export function pollingLimits(reason: string, fix: string): Limitation[] {
  const text =
    'Polling: sockets and /proc are looked at every few seconds, since no BPF program could be loaded. A TIME_WAIT entry has an owner only if its connection was seen open; opens, closes, failed connects, durations, bytes and events are unknown, and when ports run out is not foretold.';
  return [{ text: `${text} ${reason}`, fix }];
}

/** @param wished somebody asked for the portable verdict */
export function verdictLimits(path: VerdictPath, wished: boolean): Limitation[] {
  if (path === 'ehash') return [];
  const text =
    'Portable verdict: whether a close left a TIME_WAIT entry is judged by its socket alone; where tcp_max_tw_buckets is reached or an old error was never read, it is wrong until the next audit, some seconds.';
  const fix = wished
    ? 'Start without --portable-verdict.'
    : 'Boot a kernel whose BTF describes its table of sockets, as those of Debian 12 do: sudo apt-get install linux-image-amd64';
  return [{ text, fix }];
}
