/** What is seen of a subject in one second, and how two sights of one are added. Pure. */

import type { BudgetRow, Endpoint, FailureRow, IncidentKind } from '../../protocol/rows.js';
import type { Actor } from '../types.js';

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
  /** Connections that are opened to a place of which some attempts get no answer, per second; left out: none. */
  readonly answeredPerSec?: number;
  /** Who has the port that bind() asked for; null or left out: it is not known. */
  readonly holder?: Actor | null;
}

/** Observations while they are gathered: what is known of a subject grows in place, since it may have thousands of rows. */
export class Gathered {
  private readonly byId = new Map<string, Observation & { rows: FailureRow[] }>();

  /** @param id another subject's, when it follows from that */
  add(one: Observation, id = one.subject.id): void {
    const known = this.byId.get(id);
    if (known === undefined) this.byId.set(id, { ...one, rows: [...one.rows] });
    else {
      for (const row of one.rows) known.rows.push(row);
      Object.assign(known, {
        budget: known.budget ?? one.budget,
        threat: known.threat ?? one.threat,
        failed: known.failed + one.failed,
        holder: known.holder ?? one.holder ?? null,
      });
    }
  }

  get all(): ReadonlyMap<string, Observation> {
    return this.byId;
  }
}
