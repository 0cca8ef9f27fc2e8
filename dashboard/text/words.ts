/**
 * What the page says about tables, each with a tone that colour and glyph follow, so that colour never speaks alone.
 * In: rows. Out: words. Pure.
 */
import { fullness, outlook } from '../../src/forecast/outlook.js';
import { isBlockedByUnknown, type Taken } from '../../src/forecast/takers.js';
import { lostWords } from '../../src/protocol/format.js';
import type { Hello, Problem } from '../../src/protocol/frames.js';
import type { BudgetRow, FindingRow, TotalsRow, VerdictRow } from '../../src/protocol/rows.js';
import * as view from '../../src/view/budget.js';
import { census } from '../../src/view/census.js';
import { lossesOf, lossText } from '../../src/view/losses.js';
import { SEVERITY_TONES, type Tone, VERDICT_TONES } from '../../src/view/tone.js';
import { clock, duration, foreign, integer, percent, seconds, UNKNOWN } from './format.js';

export interface Saying {
  tone: Tone;
  glyph: string;
  word: string;
  /** How old, how many, since when; may be empty. */
  detail: string;
}

export function lossWords(totals: readonly TotalsRow[]): Saying {
  const losses = lossesOf(totals);
  if (losses === null) return { tone: 'wait', glyph: '', word: UNKNOWN, detail: '' };
  if (losses.total === 0) return { tone: 'good', glyph: '', word: '0', detail: '' };
  return { tone: 'warn', glyph: '▲', word: lossText(losses, totals, ''), detail: lostWords(losses) };
}

/** `◐ 2 limits · ± 154 lost`: ± where counts may be too low. Null: nothing is missing. */
export function chipWords(problems: readonly Problem[], totals: readonly TotalsRow[]): string | null {
  const lost = lossesOf(totals)?.total ?? 0;
  const isBound = totals.some((row) => row.lowerBound);
  const parts = [
    ...(problems.length === 0 ? [] : [problems.length === 1 ? '◐ 1 limit' : `◐ ${problems.length} limits`]),
    ...(lost === 0 ? [] : [`${isBound ? '± ' : ''}${integer(lost)} lost`]),
  ];
  return parts.length === 0 ? null : parts.join(' · ');
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
  if (fullness(row) === null)
    return { tone: 'wait', glyph: '', word: UNKNOWN, detail: 'limit not known yet' };
  const { headed: word, detail } = view.outlookWords(row);
  switch (outlook(row).state) {
    case 'out':
      return { tone: 'bad', glyph: '✗', word, detail };
    case 'running-out':
      return { tone: 'warn', glyph: '▲', word, detail };
    default:
      return { tone: 'wait', glyph: '', word, detail };
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
export function holderWords(row: Taken): { word: string; title: string } | null {
  const [first, ...others] = view.holderTexts(row).map(foreign);
  if (first === undefined) return null;
  return { word: isBlockedByUnknown(row) ? 'bind()' : first, title: [first, ...others].join('\n') };
}

const GLYPHS = { good: '✓', warn: '▲', bad: '✗', wait: '•' } as const;

const LEVELS: Record<VerdictRow['level'], string> = {
  ok: 'Fine',
  warning: 'Warning',
  critical: 'Critical',
  recovered: 'Recovered',
};

/** The verdict with the word and glyph of its level; the sentence itself is the service's. */
export function verdictWords({ level, since }: VerdictRow): Saying {
  const tone = VERDICT_TONES[level];
  return { tone, glyph: GLYPHS[tone], word: LEVELS[level], detail: `since ${clock(since)}` };
}

/** The page's title: among twenty tabs, this one says what is going on. */
export function titleWords(hello: Hello | null, verdict: VerdictRow | null, old: boolean): string {
  const place = hello === null ? 'portchurn' : `${hello.host} · portchurn`;
  if (old || verdict === null || verdict.level === 'ok') return place;
  return `${GLYPHS[VERDICT_TONES[verdict.level]]} ${foreign(verdict.text)} · ${place}`;
}

const SEVERITIES: Record<FindingRow['severity'], { word: string; detail: string }> = {
  critical: { word: 'Critical', detail: 'act now' },
  warning: { word: 'Warning', detail: 'somebody should act' },
  info: { word: 'Info', detail: 'nobody has to act' },
};

/** How bad a finding is, or when it ended. */
export function findingWords({ severity, resolved, since }: FindingRow): Saying {
  if (resolved !== null)
    return { tone: 'good', glyph: GLYPHS.good, word: 'Resolved', detail: `at ${clock(resolved)}` };
  const tone = SEVERITY_TONES[severity];
  const { word, detail } = SEVERITIES[severity];
  return { tone, glyph: GLYPHS[tone], word, detail: `${detail}, since ${clock(since)}` };
}
