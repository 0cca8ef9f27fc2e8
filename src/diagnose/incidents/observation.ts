/** What is seen of a subject in one second, and how two sights of one are added. Pure. */

import type { BudgetRow, FailureRow, IncidentKind, Place } from '../../protocol/rows.js';
import type { Actor } from '../types.js';
import type { Grown } from './counts/window.js';

export interface Subject {
  /** `KIND:NETNSID:SOURCE:DESTINATION:PORT`; what is not known is empty. */
  readonly id: string;
  readonly kind: IncidentKind;
  readonly netns: number | null;
  readonly netnsId: string | null;
  readonly destination: Place;
}

export interface Observation {
  readonly subject: Subject;
  /** What it is about; null: no budget, or one that has no row. */
  readonly budget: BudgetRow | null;
  /** `soon`: the ports run out within ten minutes. */
  readonly threat: 'out' | 'soon' | null;
  readonly rows: readonly FailureRow[];
  /** Those that have grown in this second. */
  readonly fresh: readonly Grown[];
  /** Failed calls of this second, or entries that overflowed in it. */
  readonly failed: number;
  /** Connections that are opened to a place of which some attempts get no answer, per second; left out: none. */
  readonly answeredPerSec?: number;
  /** Who has the port that bind() asked for; null or left out: it is not known. */
  readonly holder?: Actor | null;
}

/** Observations while they are gathered: what is known of a subject grows in place, since it may have thousands of rows. */
export class Gathered {
  private readonly byId = new Map<string, Growing>();

  /** @param id another subject's, when it follows from that. @param room false: of a subject that is not known yet it is left out */
  add(one: Observation, id = one.subject.id, room = true): void {
    const known = this.byId.get(id);
    if (known !== undefined) grow(known, one);
    else if (room) this.byId.set(id, { ...one, rows: [...one.rows], fresh: [...one.fresh] });
  }

  get size(): number {
    return this.byId.size;
  }

  get all(): ReadonlyMap<string, Observation> {
    return this.byId;
  }
}

type Growing = { -readonly [K in keyof Observation]: Observation[K] } & {
  rows: FailureRow[];
  fresh: Grown[];
};

function grow(known: Growing, { rows, fresh, budget, threat, failed, holder = null }: Observation): void {
  for (const row of rows) known.rows.push(row);
  for (const one of fresh) known.fresh.push(one);
  known.budget ??= budget;
  known.threat ??= threat;
  known.failed += failed;
  known.holder ??= holder;
}
