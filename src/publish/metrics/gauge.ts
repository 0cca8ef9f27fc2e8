/**
 * Gauges that share their keys: few keys with series of their own, the rest together as `other`. Enters: what there is now.
 * Leaves: members and the rest. A member keeps its place while it lasts and until idle, unless a newcomer weighs twice as
 * much as the lightest: the tuple that runs out must not hide in `other` behind fifty that do not. Called by families.ts.
 */

import type { Labels } from './series.js';
import { SeriesAdmission } from './series-admission.js';

export interface Candidate<T> {
  readonly key: string;
  readonly labels: Labels;
  readonly weight: number;
  readonly value: T;
}

/** A member that is not there now (null) keeps its series until it is idle. */
export interface Member<T> {
  readonly labels: Labels;
  readonly value: T | null;
}

export interface Seated<T> {
  readonly members: Member<T>[];
  /** What `other` is made of. */
  readonly rest: T[];
}

const OUTWEIGHS = 2;

export class GaugeKeys<T> {
  readonly #labels = new Map<string, Labels>();

  constructor(private readonly admission = new SeriesAdmission()) {}

  seat(candidates: readonly Candidate<T>[], now: number): Seated<T> {
    const here = new Map(candidates.map((candidate) => [candidate.key, candidate]));
    for (const { key, weight } of candidates)
      if (weight > 0 && this.admission.has(key)) this.admission.admit(key, now);
    for (const idle of this.admission.retire(now)) this.#labels.delete(idle);
    this.#welcome(here, now);
    const members = [...this.#labels].map(([key, labels]) => ({
      labels,
      value: here.get(key)?.value ?? null,
    }));
    const rest = candidates.filter(({ key }) => !this.admission.has(key)).map(({ value }) => value);
    return { members, rest };
  }

  #welcome(here: ReadonlyMap<string, Candidate<T>>, now: number): void {
    const weightOf = (key: string) => here.get(key)?.weight ?? 0;
    const lightest = [...this.admission.members()].sort((a, b) => weightOf(b) - weightOf(a));
    const isNew = ({ key, weight }: Candidate<T>) => weight > 0 && !this.admission.has(key);
    for (const one of [...here.values()].filter(isNew).sort((a, b) => b.weight - a.weight)) {
      if (this.admission.isFull) {
        const out = lightest.pop();
        if (out === undefined || one.weight < OUTWEIGHS * weightOf(out)) return;
        this.#dismiss(out);
      }
      this.admission.admit(one.key, now);
      this.#labels.set(one.key, one.labels);
    }
  }

  #dismiss(key: string): void {
    this.admission.dismiss(key);
    this.#labels.delete(key);
  }
}
