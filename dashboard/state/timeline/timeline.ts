/**
 * The timeline's signals: which budget, its fifteen minutes, the span shown. In: the page's state, choices made in the view.
 * Out: signals.
 */
import { computed, effect, signal } from '@preact/signals';
import type { HistoryBody } from '../../../src/protocol/history.js';
import type { BudgetRow } from '../../../src/protocol/rows.js';
import { type Course, courseEnd } from '../../charts/course.js';
import { type Projection, projected } from '../../charts/curves.js';
import { type Mark, marksOf } from '../../charts/marks.js';
import { liveSpan, moved, newestPart, type Span, scaled, zoomed } from '../../charts/span.js';
import { isRestart } from '../journal.js';
import { journal } from '../log.js';
import { remember, state, verdict } from '../model.js';
import type { Choice } from '../place.js';
import { chosenBudget } from '../rows/incidents.js';
import { known, startBeyond } from './beyond.js';
import { automatic } from './choice.js';
import { kept } from './kept.js';
import { Past } from './past.js';
import { choice, shown, tightest, zoom } from './spot.js';

export { choice, shown, zoom } from './spot.js';

/** The row of the budget shown, as long as there is one. */
export const shownRow = computed(() => (shown.value === null ? undefined : known.value.get(shown.value)));

/** The newest history that there is: of the budget shown, or until that has come, of the one before. */
const past = signal<HistoryBody | null>(null);
/** The mouse draws a span: nothing may move under it. */
export const dragging = signal(false);

/** All that is drawn, of one budget at one time. */
export interface Picture {
  body: HistoryBody;
  row: BudgetRow | undefined;
  ahead: Projection | null;
  /** What was forecast for it when a change was copied, as long as that was in this time. */
  kept: Course | null;
  marks: readonly Mark[];
  /** What can be seen by moving and zooming out. */
  all: Span;
  span: Span;
}

let last: Picture | null = null;
export const drawn = computed<Picture | null>(() => {
  const body = past.value;
  if (body === null || (dragging.value && last !== null)) return last;
  const row = body.budget === null ? undefined : known.value.get(body.budget);
  const ahead = projected(body, row);
  const incidents = state.value.tables.incidents.rows.values();
  const marks = marksOf(
    body,
    incidents,
    journal.value.filter(isRestart).map(({ time }) => time),
  );
  const forecast = keptOf(body);
  const all = liveSpan(body, Math.max(ahead?.time ?? 0, forecast === null ? 0 : courseEnd(forecast)) || null);
  last = { body, row, ahead, kept: forecast, marks, all, span: zoom.value ?? all };
  return last;
});

function keptOf({ budget, from }: HistoryBody): Course | null {
  const course = budget === null ? undefined : kept.value.get(budget);
  return course === undefined || courseEnd(course) * 1000 < from ? null : course;
}

const history = new Past((body) => {
  if (body === null) forget();
  else past.value = body;
});

/** A budget that the service has no history of is not chosen again for this long, ms. */
const AVOID_MS = 10_000;
const avoided = signal<string | null>(null);

function forget(): void {
  const key = shown.peek();
  avoided.value = key;
  setTimeout(() => {
    if (avoided.peek() === key) avoided.value = null;
  }, AVOID_MS);
  choice.value = 'tightest';
  tightest.value = null;
}

/** Unix ms of a whole second: the history has a column for each. */
const time = computed(() => {
  const { time } = state.value;
  return time === null ? null : Math.floor(time / 1000) * 1000;
});

/** Whoever chooses an incident wants to see its ports, whatever the verdict is about. */
const alarm = computed(() =>
  chosenBudget.value === null ? verdict.value : ({ level: 'critical', budget: chosenBudget.value } as const),
);

export function startTimeline(): void {
  startBeyond();
  effect(() => {
    const next = automatic(tightest.peek(), alarm.value, known.value, avoided.value);
    /* Whoever looks closely at one budget is not shown another. */
    if (zoom.value === null || tightest.peek() === null) tightest.value = next;
  });
  effect(() => {
    if (time.value !== null) history.ask(shown.value, time.value);
  });
}

export function choose(next: Choice): void {
  choice.value = next;
  remember(false);
}

function look(span: Span | null, again: boolean): void {
  /* Whole seconds, as in a link. */
  zoom.value = span && [Math.round(span[0]), Math.round(span[1])];
  remember(again);
}

/** A span that was drawn with the mouse. */
export function zoomTo(span: Span): void {
  const wanted = zoomed(span);
  if (wanted !== null) look(wanted, false);
}

export function live(): void {
  look(null, false);
}

/** Around the middle; of a live chart the newest part stays. */
export function scale(factor: number): void {
  const picture = drawn.peek();
  if (picture === null) return;
  const { span, all } = picture;
  look(zoom.value === null ? newestPart(all, factor) : scaled(span, factor, all), true);
}

export function pan(share: number): void {
  const picture = drawn.peek();
  if (picture !== null && zoom.value !== null) look(moved(picture.span, share, picture.all), true);
}
