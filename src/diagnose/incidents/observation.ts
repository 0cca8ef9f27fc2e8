/** What is seen of a subject in one second, and how two sights of one are added. Pure. */
import type { BudgetRow, Endpoint, FailureRow, IncidentKind } from '../../protocol/rows.js';

export interface Subject {
  /** `KIND:NETNSID:SOURCE:DESTINATION:PORT`; what is not known is empty. */
  readonly id: string;
  readonly kind: IncidentKind;
  readonly netns: number | null;
  readonly netnsId: string | null;
  readonly destination: Endpoint;
}

export interface Observation {
  readonly subject: Subject;
  /** What it is about; null: no budget, or one that has no row. */
  readonly budget: BudgetRow | null;
  /** `soon`: the ports run out within ten minutes. */
  readonly threat: 'out' | 'soon' | null;
  readonly rows: readonly FailureRow[];
  /** Failed calls of all rows, or entries that overflowed, since the start of the service. */
  readonly failed: number;
}

/** Adds to what is known of one subject. */
export function put(found: Map<string, Observation>, id: string, one: Observation): void {
  const known = found.get(id);
  if (known === undefined) found.set(id, one);
  else
    found.set(id, {
      ...known,
      budget: known.budget ?? one.budget,
      threat: known.threat ?? one.threat,
      rows: [...known.rows, ...one.rows],
      failed: known.failed + one.failed,
    });
}
