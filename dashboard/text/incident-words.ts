/** An incident's state in words, with a tone; and how many others there are. In: rows, counts. Out: words. Pure. */
import type { Change, Culprit, IncidentRow } from '../../src/protocol/rows.js';
import * as view from '../../src/view/incident.js';
import { SEVERITY_TONES } from '../../src/view/tone.js';
import { clock, counted, integer, percent, rate, seconds } from './format.js';
import type { Saying } from './words.js';

const WORDS = { critical: 'Critical', warning: 'Warning', info: 'Info' } as const;
const GLYPHS = { good: '✓', wait: '•', warn: '▲', bad: '✗' } as const;

export function incidentWords({ state, severity, since, until }: IncidentRow): Saying {
  const began = `since ${clock(since)}`;
  if (state === 'over')
    return { tone: 'good', glyph: GLYPHS.good, word: 'Over', detail: `${clock(since)} to ${clock(until)}` };
  if (state === 'easing')
    return {
      tone: 'wait',
      glyph: '◌',
      word: 'Easing',
      detail: `${began}; nothing failed since ${clock(until)}`,
    };
  const tone = SEVERITY_TONES[severity];
  return { tone, glyph: GLYPHS[tone], word: WORDS[severity], detail: began };
}

/** `All 7 · 3 past · 2 findings`; null: there is nothing besides what is shown. */
export function allWords({ open, past, findings }: { open: number; past: number; findings: number }) {
  const parts = [
    ...(open > 1 ? [`All ${integer(open)}`] : []),
    ...(past > 0 ? [`${integer(past)} past`] : []),
    ...(findings > 0 ? [`${integer(findings)} ${findings === 1 ? 'finding' : 'findings'}`] : []),
  ];
  return parts.length === 0 ? null : parts.join(' · ');
}

/** `1 port, 0.5 %`: what one of those who hold the ports has. */
export const holdingWords = ({ ports, share }: Pick<Culprit, 'ports' | 'share'>): string =>
  `${counted(ports, 'port')}, ${percent(share)}`;

/** Whether a change worked: `✓ worked: 92 → 0 failures/s within 5 s`; of an end what it did. */
export function changeWords(change: Change, all: readonly Change[] = []): Saying {
  const { kind, worked, failPerSecBefore, failPerSecAfter, afterSeconds } = change;
  if (kind === 'end') return { tone: 'wait', glyph: GLYPHS.wait, word: view.changeWords(change), detail: '' };
  if (worked === null) return { tone: 'wait', glyph: '◌', word: 'not known yet', detail: '' };
  const within = afterSeconds === null ? '' : ` within ${seconds(afterSeconds)}`;
  const detail = `${rate(failPerSecBefore)} → ${rate(failPerSecAfter)} failures/s${within}`;
  return worked
    ? { tone: 'good', glyph: GLYPHS.good, word: 'worked', detail }
    : { tone: 'warn', glyph: GLYPHS.warn, word: view.changeWords(change, all), detail };
}
