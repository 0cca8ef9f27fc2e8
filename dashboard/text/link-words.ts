/**
 * The link to the service in sentences: is what is on screen live, how old is it, what is to be done. In: the link, the
 * clock. Out: words with a tone. Pure.
 */

import type { Link, LostReason } from '../../src/client/link.js';
import type { Hello } from '../../src/protocol/frames.js';
import { HEARTBEAT_MS } from '../../src/protocol/names.js';
import { clock, seconds } from './format.js';
import type { Saying } from './words.js';

/** An open link this long without a frame is stale, ms. */
export const STALE_AFTER_MS = 1.5 * HEARTBEAT_MS;

const REASONS: Record<LostReason, string> = {
  unreachable: 'The service does not answer. If it is not running, start it: portchurn serve.',
  unauthorized:
    'The service wants its token: open the page with #token=… from its token file after the address.',
  refused: 'The service refuses this page: its host or origin is not allowed (--allow-host, --allow-origin).',
  stopped:
    'The service answers, but its tracer has stopped. Its log says why; portchurn doctor checks the machine.',
  dropped: 'The connection to the service broke.',
};

/** The state of the link in a word, and how old the data is. */
export function liveness(link: Link, time: number | null, now: number): Saying {
  if (link.phase === 'connecting') return { tone: 'wait', glyph: '◌', word: 'Connecting', detail: '' };
  if (link.phase === 'lost') {
    const age = `for ${seconds((now - link.since) / 1000)}`;
    return {
      tone: 'bad',
      glyph: '○',
      word: 'Lost',
      detail: time === null ? age : `${age}, data of ${clock(time)}`,
    };
  }
  const age = now - link.heard;
  if (age <= STALE_AFTER_MS) return { tone: 'good', glyph: '●', word: 'Live', detail: `at ${clock(time)}` };
  return {
    tone: 'warn',
    glyph: '◐',
    word: 'Stale',
    detail: `nothing heard for ${seconds(age / 1000)}, data of ${clock(time)}`,
  };
}

/** Why there is no link and what to do about it; when the page tries again by itself. */
export function lostWords(
  link: Extract<Link, { phase: 'lost' }>,
  now: number,
): { reason: string; retry: string } {
  const left = Math.ceil((link.retryAt - now) / 1000);
  const retry = left > 0 ? `Trying again in ${seconds(left)}.` : 'Trying again now.';
  return { reason: REASONS[link.reason], retry };
}

/** Why a table has no rows although the service has not said that there are none. */
export function waitingWords(link: Link, now: number): string {
  if (link.phase === 'connecting') return 'Connecting to the service…';
  return isOld(link, now) ? 'No data yet.' : 'Waiting for the first rows…';
}

/** True when what is on screen is not what is going on. */
export function isOld(link: Link, now: number): boolean {
  return link.phase === 'lost' || (link.phase === 'open' && now - link.heard > STALE_AFTER_MS);
}

/** What the mode can and cannot see. */
export function modeWords(hello: Hello): { word: string; title: string } {
  const words: Record<Hello['mode'], string> = {
    ebpf: 'Every connection is seen by the kernel tracepoint as it happens.',
    polling:
      'No BPF: polls sock_diag and /proc. Owners of ended processes and short connections cannot be seen. portchurn doctor says what is missing.',
    replay: 'A recording, not this machine now.',
  };
  const mode = hello.mode === 'ebpf' ? 'eBPF' : hello.mode;
  const portable = hello.mode === 'ebpf' && hello.verdictPath === 'portable';
  return { word: portable ? `${mode}, portable verdict` : mode, title: words[hello.mode] };
}
