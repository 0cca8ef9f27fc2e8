/**
 * What was held lately, and how it may go on: as things are, with changes, and as it was forecast when a change was copied. In: a history body,
 * courses. Out: aligned columns in Unix seconds. Pure.
 */
import type { Column, HistoryBody } from '../../src/protocol/history.js';
import { type Course, courseAt } from './course.js';
import { type Chart, type Curve, heldAt } from './curves.js';
import { newestOf } from './span.js';

/** As far ahead as a what-if is drawn, and as far back as it shows what was measured, seconds. */
export const AHEAD = 300;
const BACK = 120;

export interface WhatIf {
  readonly now: Course;
  /** Null: nothing is changed. */
  readonly changed: Course | null;
  /** The forecast of the change that was copied last. */
  readonly kept: Course | null;
  readonly limit: number;
  readonly limitThen: number;
}

export function forecastChart(body: HistoryBody, whatIf: WhatIf): Chart {
  const newest = newestOf(body);
  const first = Math.min(newest - BACK, whatIf.kept?.from ?? newest);
  const length = Math.round(newest + AHEAD - first) + 1;
  const at = (valueAt: (time: number) => number | null): Column =>
    Array.from({ length }, (_, i) => valueAt(first + i));
  const measured = at((time) => heldAt(body, Math.round(time - body.from / 1000)));
  const curves = [
    curve('measured', 'measured', 'area', measured),
    curve(
      'limit',
      'limit',
      'line',
      at(() => whatIf.limit),
    ),
    ...(whatIf.limitThen === whatIf.limit
      ? []
      : [
          curve(
            'limit-then',
            'limit then',
            'line',
            at(() => whatIf.limitThen),
          ),
        ]),
    dashed('forecast-now', 'as it is', whatIf.now, at),
    ...(whatIf.changed === null ? [] : [dashed('forecast-then', 'with the change', whatIf.changed, at)]),
    ...(whatIf.kept === null ? [] : [dashed('forecast-kept', 'forecast when copied', whatIf.kept, at)]),
  ];
  return { times: Array.from({ length }, (_, i) => first + i), newest: length - 1 - AHEAD, curves };
}

const curve = (id: string, label: string, shape: Curve['shape'], column: Column): Curve => ({
  ...{ id, label, shape, tint: id },
  ...{ column, value: column },
});

function dashed(
  id: string,
  label: string,
  course: Course,
  at: (valueAt: (time: number) => number | null) => Column,
): Curve {
  return curve(
    id,
    label,
    'dashes',
    at((time) => courseAt(course, time)),
  );
}

/** How far what was measured is from a forecast, on average, in ports; null: they have no second in common. */
export function distance(body: HistoryBody, { from, held }: Course): number | null {
  const offset = Math.round(from - body.from / 1000);
  const apart = held.flatMap((ports, i) => {
    const measured = heldAt(body, offset + i);
    return measured === null ? [] : [Math.abs(measured - ports)];
  });
  return apart.length === 0 ? null : apart.reduce((all, one) => all + one, 0) / apart.length;
}
