/**
 * The what-if of the budget that the timeline shows. In: sliders, rows. Out: signals: two projections with their courses, and the command. What
 * was forecast when a command was copied stays in memory, so that what is measured then can be compared with it.
 */
import { computed, effect, signal } from '@preact/signals';
import { type Changes, courseOf, type Projection, UNCHANGED } from '../../../src/forecast/projection.js';
import { answerOf, flowsOf } from '../../../src/forecast/what-if.js';
import type { BudgetRow, FlowRow, Remedy } from '../../../src/protocol/rows.js';
import type { Course } from '../../charts/course.js';
import { AHEAD, type WhatIf } from '../../charts/forecast.js';
import { newestOf } from '../../charts/span.js';
import { namespaces, service, sides } from '../model.js';
import { keepCourse, kept } from '../timeline/kept.js';
import { drawn } from '../timeline/timeline.js';
import { AT_REST, changesOf, isChange, type Sliders, wantedOf } from './changes.js';

export const sliders = signal<Sliders>(AT_REST);
const flows = signal<ReadonlyMap<string, FlowRow>>(new Map());
/** How to do it; null: nothing that the kernel can be told. */
export const remedy = signal<Remedy | null>(null);

const budget = computed(() => drawn.value?.row);
export const settings = computed(() =>
  namespaces.value.find(({ netnsId }) => netnsId === budget.value?.netnsId),
);
export const changes = computed<Changes>(() =>
  settings.value === undefined ? UNCHANGED : changesOf(sliders.value, settings.value),
);

export interface Shown extends WhatIf {
  readonly budget: BudgetRow;
  readonly words: { readonly now: Projection; readonly changed: Projection };
}

/** Null: there is no such budget now, or its settings are not known. */
export const shown = computed<Shown | null>(() => {
  const [row, picture, place] = [budget.value, drawn.value, settings.value];
  if (row === undefined || picture === null || place === undefined || row.kind !== 'tuple') return null;
  const all = [...flows.value.values()];
  const answer = answerOf(row, [place], all, changes.value);
  const from = newestOf(picture.body);
  const course = (of: Changes): Course => ({
    from,
    held: courseOf(AHEAD, row, flowsOf(row, all), place, of) ?? [],
  });
  if (answer === null) return null;
  return {
    budget: row,
    words: { now: answer.now, changed: answer.projected },
    now: course(UNCHANGED),
    changed: isChange(changes.value) ? course(changes.value) : null,
    kept: kept.value.get(row.key) ?? null,
    limit: answer.now.limitEach,
    limitThen: answer.projected.limitEach,
  };
});

/** Called when the command is copied: from here on the forecast can be wrong. */
export function keep(): void {
  const what = shown.peek();
  if (what?.changed != null) keepCourse(what.budget.key, what.changed);
}

export function slide(part: Partial<Sliders>): void {
  sliders.value = { ...sliders.value, ...part };
}

export function reset(): void {
  sliders.value = AT_REST;
}

/** After the last movement of a slider, ms. */
const ASK_AFTER_MS = 200;

/** For as long as somebody looks: the flows toward the budget, and the command. Returns what ends it. */
export function watch(): () => void {
  const ends = [effect(followFlows), effect(askCommand)];
  return () => {
    for (const end of ends) end();
  };
}

/** Text, so that neither is asked for anew each second. */
const place = computed(() => {
  const row = budget.value;
  return row === undefined ? '' : `netnsId:${row.netnsId} dir:out port:${row.destination.port}`;
});
const question = computed(() => {
  const [row, now] = [budget.value, settings.value];
  if (row === undefined || now === undefined) return '';
  const wanted = wantedOf(sliders.value, now);
  return wanted.range === null && wanted.twReuse === null ? '' : JSON.stringify([row.key, wanted]);
});

function followFlows() {
  const filter = place.value;
  if (filter === '') return;
  return sides.table({ topic: 'flows', filter, sort: '-openPerSec', limit: 200 }, (rows) => {
    flows.value = rows;
  });
}

function askCommand() {
  const asked = question.value;
  if (asked === '') {
    remedy.value = null;
    return;
  }
  const end = new AbortController();
  const timer = setTimeout(async () => {
    const [key, wanted] = JSON.parse(asked);
    const answer = await service.change(key, wanted, { signal: end.signal }).catch(() => null);
    if (!end.signal.aborted) remedy.value = answer;
  }, ASK_AFTER_MS);
  return () => {
    clearTimeout(timer);
    end.abort();
  };
}
