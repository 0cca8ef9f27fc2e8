/**
 * The charts in words: for readers who cannot see them, and beside the cursor. In: a history body. Out: sentences. Pure.
 */
import { outlook } from '../../src/forecast/outlook.js';
import type { Annotation, AnnotationKind, Column, HistoryBody } from '../../src/protocol/history.js';
import type { BudgetRow } from '../../src/protocol/rows.js';
import { bandsOf } from '../charts/bands.js';
import { type Course, courseAt } from '../charts/course.js';
import { heldAt } from '../charts/curves.js';
import { type Mark, markWords } from '../charts/marks.js';
import { newestOf } from '../charts/span.js';
import { clock, endpoint, foreign, integer, rate, seconds } from './format.js';

const KINDS: Record<AnnotationKind, string> = {
  'first-failure': 'First failure',
  'process-start': 'Process started',
  'process-exit': 'Process exited',
  'sysctl-change': 'Setting changed',
  'namespace-start': 'Namespace appeared',
  'namespace-end': 'Namespace gone',
  'events-lost': 'Events lost',
};

/** A note in two parts. Its text may quote a process. */
export function noteWords({ kind, text }: Annotation): { word: string; text: string } {
  return { word: KINDS[kind], text: foreign(text) };
}

/** `127.0.0.1:8080 from 127.0.0.1 in web`: a budget among others; `place` is its namespace, where there are several. */
export function budgetWords({ kind, source, destination }: BudgetRow, place: string | null): string {
  const from = foreign(source.address);
  const what = kind === 'bind-pool' ? `bind() on ${from}` : `${endpoint(destination)} from ${from}`;
  return place === null ? what : `${what} in ${place}`;
}

interface Peak {
  value: number;
  time: number;
}

function peakOf(body: HistoryBody, valueAt: (at: number) => number | null): Peak | null {
  let peak: Peak | null = null;
  for (let at = 0; at < body.seconds; at++) {
    const value = valueAt(at);
    if (value !== null && (peak === null || value > peak.value))
      peak = { value, time: body.from + at * 1000 };
  }
  return peak;
}

/** The first chart: ports held now, the limit, the most ports that were held, who holds them, the forecast, and what happened. */
export function portsSummary(
  body: HistoryBody,
  row: BudgetRow | undefined,
  marks: readonly Mark[] = [],
  kept: Course | null = null,
): string {
  const last = body.seconds - 1;
  const held = heldAt(body, last);
  const limit = body.limit[last] ?? null;
  const parts = [
    `TIME_WAIT ${integer(body.timeWait[last])}`,
    `established ${integer(body.established[last])}`,
    `other states ${integer(body.other[last])}`,
    ...(limit === null ? [] : [`blocked by bind() ${integer(body.blocked[last])}`]),
  ];
  const peak = peakOf(body, (at) => heldAt(body, at));
  const now = `${integer(held)}${limit === null ? '' : ` of ${integer(limit)}`} ports held now: ${parts.join(', ')}.`;
  const most =
    peak === null ? 'Nothing recorded yet.' : `At most ${integer(peak.value)}, at ${clock(peak.time)}.`;
  const happened = marks.map((mark) => `${markWords(mark)}.`);
  return [now, ownersSentence(body), most, outlookSentence(row), keptSentence(body, kept), ...happened]
    .filter((part) => part !== '')
    .join(' ');
}

function keptSentence(body: HistoryBody, kept: Course | null): string {
  const ports = kept === null ? null : courseAt(kept, newestOf(body));
  return ports === null ? '' : `Forecast for now, with the change that was copied: ${integer(ports)}.`;
}

/** From the largest on, as they are stacked. */
function ownersSentence(body: HistoryBody): string {
  const held = body.owners === undefined ? [] : bandsOf(body).filter(({ id }) => id !== 'blocked');
  const parts = held.flatMap(({ label, column }) => {
    const ports = column.at(-1) ?? 0;
    return ports === 0 ? [] : [`${label} ${integer(ports)}`];
  });
  return parts.length === 0 ? '' : `Held by ${parts.join(', ')}.`;
}

function outlookSentence(row: BudgetRow | undefined): string {
  if (row === undefined) return '';
  const next = outlook(row);
  if (next.state === 'out') return 'No port is left.';
  return next.state === 'running-out' ? `At this rate none is left in ${seconds(next.seconds)}.` : '';
}

/** The second chart: opens, what the ports can stand, and each errno with the time when it began. */
export function ratesSummary(body: HistoryBody, row: BudgetRow | undefined): string {
  const allowed = row?.sustainablePerSec ?? null;
  const failures = Object.entries(body.failuresPerSec).map(([errno, column]) =>
    failureSentence(body, errno, column),
  );
  return [
    curveSentence(body, 'Opens', body.opensPerSec),
    ...(allowed === null ? [] : [`The ports allow ${rate(allowed)}/s.`]),
    ...(failures.length === 0 ? ['No failures.'] : failures),
  ].join(' ');
}

function curveSentence(body: HistoryBody, what: string, column: Column): string {
  const peak = peakOf(body, (at) => column[at] ?? null);
  const most = peak === null ? '' : `, at most ${rate(peak.value)}/s at ${clock(peak.time)}`;
  return `${what} ${rate(column.at(-1))}/s now${most}.`;
}

function failureSentence(body: HistoryBody, errno: string, column: Column): string {
  const first = column.findIndex((value) => value !== null && value > 0);
  const since = `, first at ${clock(body.from + first * 1000)}`;
  return curveSentence(body, `Failures by ${foreign(errno)}`, column).replace(/\.$/, `${since}.`);
}
