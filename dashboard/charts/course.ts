/** How a forecast goes on, second by second, over what is measured. In: a course, the times of a chart. Out: columns, curves. Pure. */
import type { Column } from '../../src/protocol/history.js';

/** Ports held at each second from then on. */
export interface Course {
  /** Unix seconds. */
  readonly from: number;
  readonly held: readonly number[];
}

/** Unix seconds of its last value. */
export const courseEnd = ({ from, held }: Course): number => from + held.length - 1;

export const courseAt = ({ from, held }: Course, time: number): number | null =>
  held[Math.round(time - from)] ?? null;

export const courseColumn = (course: Course, times: readonly number[]): Column =>
  times.map((time) => courseAt(course, time));
