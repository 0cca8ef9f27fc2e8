/**
 * Which rows and notes an incident is about. In: incidents that are not over, with what was observed of them; incidents of late. Out: keys
 * of budgets and failures, each with its incident's; of a note, the incident. Pure.
 */
import type { AnnotationSubject, NoteOf } from '../protocol/history.js';
import type { IncidentRow } from '../protocol/rows.js';
import type { Account } from './incidents/incident.js';

export interface Marks {
  /** By key of the row: the key of its incident. */
  readonly budgets: ReadonlyMap<string, string>;
  readonly failures: ReadonlyMap<string, string>;
}

/** @param accounts the worst first: of two about one row it counts */
export function marksOf(accounts: readonly Account[]): Marks {
  const budgets = new Map<string, string>();
  const failures = new Map<string, string>();
  for (const { row, failures: rows } of accounts) {
    if (row.budget !== null && !budgets.has(row.budget)) budgets.set(row.budget, row.key);
    for (const { key } of rows) if (!failures.has(key)) failures.set(key, row.key);
  }
  return { budgets, failures };
}

/** A note of so long before the first trouble may be its reason, and of so long after the last one its end, ms. */
const AROUND_MS = 60_000;

/** @param incidents the worst first, those that are over too. @returns the key of the one that a note belongs to; null: of none */
export const incidentOf =
  (incidents: readonly IncidentRow[]): NoteOf =>
  (time, budget, subject) => {
    const lasted = ({ since, until }: IncidentRow) =>
      time >= since - AROUND_MS && (until === null || time <= until + AROUND_MS);
    return incidents.find((row) => lasted(row) && isAbout(row, budget, subject))?.key ?? null;
  };

/** A note about a whole namespace, a setting of it, is about each incident there; the worst one gets it. */
function isAbout(row: IncidentRow, budget: string | null, subject: AnnotationSubject | null): boolean {
  if (subject === null || subject.netnsId !== row.netnsId) return false;
  if (budget !== null && budget === row.budget) return true;
  const { destination } = subject;
  if (destination === undefined) return budget?.endsWith('/') === true;
  return destination.address === row.destination.address && destination.port === row.destination.port;
}
