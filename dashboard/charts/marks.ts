/**
 * What happened beside the curves, as far as it explains them: a setting was changed, calls began to fail, an incident was over, the service was
 * restarted. In: annotations, incidents, restarts. Out: marks in order of time. Pure.
 */
import type { Annotation, AnnotationKind, HistoryBody } from '../../src/protocol/history.js';
import type { IncidentRow } from '../../src/protocol/rows.js';
import { clock, foreign } from '../text/format.js';

export interface Mark {
  /** Unix ms. */
  time: number;
  /** Stands in the chart. */
  word: string;
  /** All of it. */
  text: string;
}

const WORDS: Partial<Record<AnnotationKind, readonly [word: string, text: string]>> = {
  'sysctl-change': ['setting', 'Setting changed'],
  'first-failure': ['fails', 'First failure'],
};

type Over = Pick<IncidentRow, 'state' | 'until' | 'budget' | 'title'>;

export function marksOf(
  body: Pick<HistoryBody, 'budget' | 'from' | 'annotations'>,
  incidents: Iterable<Over>,
  restarts: readonly number[],
): Mark[] {
  const all = [
    ...body.annotations.flatMap(noted),
    ...[...incidents].flatMap((one) => over(one, body.budget)),
    ...restarts.map((time) => ({ time, word: 'restart', text: 'Service restarted: counts begin anew' })),
  ];
  return all.filter(({ time }) => time >= body.from).sort((a, b) => a.time - b.time);
}

function noted({ time, kind, text }: Annotation): Mark[] {
  const known = WORDS[kind];
  return known === undefined ? [] : [{ time, word: known[0], text: `${known[1]}: ${foreign(text)}` }];
}

/** The totals are about all of them. */
function over({ state, until, budget, title }: Over, shown: string | null): Mark[] {
  if (state !== 'over' || until === null || (shown !== null && budget !== shown)) return [];
  return [{ time: until, word: 'over', text: `Over: ${foreign(title)}` }];
}

export const markWords = ({ time, text }: Mark) => `${clock(time)} ${text}`;
