/**
 * What the page says in sentences. Enters: link, tables, the clock. Leaves: words, each with a tone that colour and glyph
 * follow, so that colour never speaks alone. Pure; called by views.
 */

import { fullness, level, outlook } from '../src/forecast/outlook.js';
import type { Hello } from '../src/protocol/frames.js';
import { HEARTBEAT_MS } from '../src/protocol/names.js';
import type { BudgetRow, FindingRow, TotalsRow, VerdictRow } from '../src/protocol/rows.js';
import { census } from '../src/view/census.js';
import { clock, duration, foreign, integer, percent, processName, seconds, UNKNOWN } from './format.js';
import type { Link, LostReason } from '../src/client/link.js';

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
  const mode = hello.mode === 'ebpf' ? 'eBPF' : hello.mode;
  const portable = hello.mode === 'ebpf' && hello.verdictPath === 'portable';
  return { word: portable ? `${mode}, portable verdict` : mode, title: words[hello.mode] };
}

/** Lost and missed events are counted for the whole service, so every row carries the same numbers. */
export function lossWords(totals: readonly TotalsRow[]): Saying {
  const [lostEvents, missed] = [most(totals, 'eventsLost'), most(totals, 'eventsMissed')];
  if (lostEvents === null && missed === null) return { tone: 'wait', glyph: '', word: UNKNOWN, detail: '' };
  const sum = (lostEvents ?? 0) + (missed ?? 0);
  if (sum === 0) return { tone: 'good', glyph: '', word: '0', detail: '' };
  const detail = `${integer(lostEvents)} by a full ring, ${integer(missed)} that the kernel did not show`;
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
  const sums = census(totals);
  if (sums === null) return { word: UNKNOWN, title: 'No audit of the kernel table yet.' };
  const { ours, owned } = sums;
  if (ours === 0) return { word: 'no TIME_WAIT', title: 'The kernel holds no TIME_WAIT entry.' };
  return {
    word: `${percent(owned / ours)} of TIME_WAIT has an owner`,
    title: `${integer(owned)} of ${integer(ours)} entries`,
  };
}

/** Our count beside the kernel's own, so that anybody can check us. */
export function crossCheckWords(totals: readonly TotalsRow[]): { word: string; title: string } {
  const sums = census(totals);
  const title =
    'Ours goes on with every event; the kernel\u2019s is its own table when it was last read, every few seconds. ' +
    'Compare with: ss -tan state time-wait | wc -l in each namespace, or "tw" in /proc/net/sockstat.';
  if (sums === null) return { word: `our TIME_WAIT ${UNKNOWN} · kernel not asked yet`, title };
  const { ours, kernel, ageMs } = sums;
  return {
    word: `our TIME_WAIT ${integer(ours)} · kernel ${integer(kernel)}, read ${duration(ageMs)} ago`,
    title,
  };
}

/** What comes next for a budget, in a table's cell. */
export function outlookWords(row: BudgetRow): Saying {
  const tone = { fine: 'good', warning: 'warn', critical: 'bad' } as const;
  const next = outlook(row);
  if (fullness(row) === null)
    return { tone: 'wait', glyph: '', word: UNKNOWN, detail: 'limit not known yet' };
  switch (next.state) {
    case 'out':
      return { tone: 'bad', glyph: '✗', word: 'out of ports', detail: 'no new connection gets a port' };
    case 'running-out':
      return {
        tone: tone[level(row)],
        glyph: '▲',
        word: `in ${seconds(next.seconds)}`,
        detail: 'at the present rate',
      };
    case 'reused':
      return { tone: 'wait', glyph: '', word: 'no, reused', detail: 'connect() takes TIME_WAIT ports over' };
    default:
      return { tone: 'wait', glyph: '', word: 'no', detail: 'not at the present rate' };
  }
}

/** When ports come back: the first of them, and every step in the title. */
export function returnWords({ releasing }: BudgetRow): { word: string; title: string } {
  const [first] = releasing;
  if (first === undefined) return { word: UNKNOWN, title: 'No port is about to come back by itself.' };
  const steps = releasing.map(([within, ports]) => `${integer(ports)} within ${seconds(within)}`);
  return { word: `${integer(first[1])} in ${seconds(first[0])}`, title: steps.join('\n') };
}

/** The largest holder, and all that are known in the title. */
export function holderWords({ holders }: Pick<BudgetRow, 'holders'>): { word: string; title: string } | null {
  const [first, ...others] = holders.map(({ process, ports }) => {
    const pid = process.pid === null ? '' : ` ${process.pid}`;
    const name = processName(process);
    const who = name === null && pid === '' ? 'unknown owner' : `${foreign(name)}${pid}`;
    return `${who} (${integer(ports)})`;
  });
  return first === undefined ? null : { word: first, title: [first, ...others].join('\n') };
}

const LEVELS: Record<VerdictRow['level'], Saying> = {
  ok: { tone: 'good', glyph: '✓', word: 'Fine', detail: '' },
  warning: { tone: 'warn', glyph: '▲', word: 'Warning', detail: '' },
  critical: { tone: 'bad', glyph: '✗', word: 'Critical', detail: '' },
  recovered: { tone: 'good', glyph: '✓', word: 'Recovered', detail: '' },
};

/** The verdict with the word and glyph of its level; the sentence itself is the service's. */
export function verdictWords({ level: said, since }: VerdictRow): Saying {
  return { ...LEVELS[said], detail: `since ${clock(since)}` };
}

/** The page's title: among twenty tabs, this one says what is going on. */
export function titleWords(hello: Hello | null, verdict: VerdictRow | null, old: boolean): string {
  const place = hello === null ? 'portchurn' : `${hello.host} · portchurn`;
  if (old || verdict === null || verdict.level === 'ok') return place;
  return `${LEVELS[verdict.level].glyph} ${verdict.text} · ${place}`;
}

const SEVERITIES: Record<FindingRow['severity'], Saying> = {
  critical: { tone: 'bad', glyph: '✗', word: 'Critical', detail: 'act now' },
  warning: { tone: 'warn', glyph: '▲', word: 'Warning', detail: 'somebody should act' },
  info: { tone: 'wait', glyph: '•', word: 'Info', detail: 'nobody has to act' },
};

/** How bad a finding is, or when it ended. */
export function findingWords({ severity, resolved, since }: FindingRow): Saying {
  if (resolved !== null)
    return { tone: 'good', glyph: '✓', word: 'Resolved', detail: `at ${clock(resolved)}` };
  const says = SEVERITIES[severity];
  return { ...says, detail: `${says.detail}, since ${clock(since)}` };
}
