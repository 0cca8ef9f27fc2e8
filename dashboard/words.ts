/**
 * What the page says in sentences. Enters: link, tables, the clock. Leaves: words, each with a tone that colour and glyph
 * follow, so that colour never speaks alone. Pure; called by views.
 */

import type { Hello } from '../src/protocol/frames.js';
import { HEARTBEAT_MS } from '../src/protocol/names.js';
import type { FailureRow, TotalsRow } from '../src/protocol/rows.js';
import { clock, integer, percent, seconds, UNKNOWN } from './format.js';
import type { Link, LostReason } from './link.js';

export type Tone = 'good' | 'wait' | 'warn' | 'bad';

export interface Saying {
  tone: Tone;
  glyph: string;
  word: string;
  /** How old, how many, since when; may be empty. */
  detail: string;
}

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

/** Why a table has no rows although nobody said there are none. */
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
  return { word: hello.mode === 'ebpf' ? 'eBPF' : hello.mode, title: words[hello.mode] };
}

/** Lost and missed events are counted for the whole service, so every row carries the same numbers. */
export function lossWords(totals: readonly TotalsRow[]): Saying {
  const [lostEvents, missed] = [most(totals, 'eventsLost'), most(totals, 'eventsMissed')];
  if (lostEvents === null && missed === null) return { tone: 'wait', glyph: '', word: UNKNOWN, detail: '' };
  const sum = (lostEvents ?? 0) + (missed ?? 0);
  if (sum === 0) return { tone: 'good', glyph: '', word: '0', detail: '' };
  const detail = `${integer(lostEvents)} by a full ring, ${integer(missed)} by the recursion guard`;
  const bound = totals.some((row) => row.lowerBound) ? ': counts are a lower bound' : ', counts stayed exact';
  return { tone: 'warn', glyph: '▲', word: `${integer(sum)}${bound}`, detail };
}

function most(totals: readonly TotalsRow[], field: 'eventsLost' | 'eventsMissed'): number | null {
  return totals.reduce<number | null>(
    (max, row) => (row[field] === null ? max : Math.max(max ?? 0, row[field])),
    null,
  );
}

/** How much of the kernel's TIME_WAIT has an owner, over all namespaces that were audited. */
export function coverageWords(totals: readonly TotalsRow[]): { word: string; title: string } {
  const audited = totals.filter((row) => row.timeWait !== null && row.timeWaitAttributed !== null);
  const all = audited.reduce((sum, row) => sum + (row.timeWait ?? 0), 0);
  const owned = audited.reduce((sum, row) => sum + (row.timeWaitAttributed ?? 0), 0);
  if (audited.length === 0) return { word: UNKNOWN, title: 'No audit of the kernel table yet.' };
  if (all === 0) return { word: 'no TIME_WAIT', title: 'The kernel holds no TIME_WAIT entry.' };
  return {
    word: `${percent(owned / all)} of TIME_WAIT has an owner`,
    title: `${integer(owned)} of ${integer(all)} entries`,
  };
}

const ERRNO: Record<string, string> = {
  EADDRINUSE: 'bind() asked for a port in use',
  ECONNREFUSED: 'nobody listens there',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route',
  ENETUNREACH: 'no route',
  ECONNRESET: 'peer reset',
  EMFILE: 'out of file descriptors, not ports',
};

const CAUSES: Partial<Record<FailureRow['cause'], string>> = {
  'ports-exhausted': 'no free local port for this destination',
  'bind-pool-exhausted': 'no free port left to bind()',
  'tuple-in-use': 'this very connection exists already',
  'not-permitted': 'a firewall or policy forbids it',
  'no-memory': 'out of kernel memory',
  aborted: 'the program gave up first',
};

/** An errno in plain words; the cause sharpens it where the budget agrees. */
export function failureWords({ errno, cause }: Pick<FailureRow, 'errno' | 'cause'>): string {
  const fallback = errno === 'EADDRNOTAVAIL' ? 'local address not available' : cause;
  return CAUSES[cause] ?? ERRNO[errno ?? ''] ?? fallback;
}
