/**
 * The timeline's signals: which budget, its fifteen minutes, the span shown. In: the page's state, choices made in the view.
 * Out: signals.
 */
import { computed, effect, signal } from '@preact/signals';
import type { HistoryBody } from '../../src/protocol/history.js';
import type { Span } from '../charts/curves.js';
import { automatic } from './choice.js';
import { budgets, state, verdict } from './model.js';
import { Past } from './past.js';

/** What the user wants to see: a budget's key, the totals, or whatever is tightest. */
export type Choice = { budget: string | null } | 'tightest';
export const choice = signal<Choice>('tightest');

const tightest = signal<string | null>(null);
/** Key of the budget shown; null: the totals. */
export const shown = computed(() => (choice.value === 'tightest' ? tightest.value : choice.value.budget));
/** The row of the budget shown, as long as there is one. */
export const shownRow = computed(() =>
  shown.value === null ? undefined : budgets.value.rows.get(shown.value),
);

export const past = signal<HistoryBody | null>(null);
/** The span zoomed into; null: live. */
export const zoom = signal<Span | null>(null);

const history = new Past((body) => {
  past.value = body;
  if (body === null) forget();
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

export function startTimeline(): void {
  effect(() => {
    const { rows } = budgets.value;
    tightest.value = automatic(tightest.peek(), verdict.value, rows, avoided.value);
  });
  effect(() => {
    zoom.value = null;
    if (shown.value !== (past.peek()?.budget ?? null)) past.value = null;
  });
  effect(() => {
    if (time.value !== null) history.ask(shown.value, time.value);
  });
}

export function choose(next: Choice): void {
  choice.value = next;
}
