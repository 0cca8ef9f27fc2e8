/**
 * The forecasts of changes whose command was copied, by budget: they stay in memory, so that what is measured then is laid over them. In: courses.
 * Out: a signal.
 */
import { signal } from '@preact/signals';
import type { Course } from '../../charts/course.js';

export const kept = signal<ReadonlyMap<string, Course>>(new Map());

export function keepCourse(budget: string, course: Course): void {
  kept.value = new Map([...kept.value, [budget, course]]);
}
