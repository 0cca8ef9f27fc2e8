/**
 * Gauges that share their keys: few keys have series of their own, the others together are `other`. In: the current values.
 * Out: the keys with a series, and the values of the others. A key keeps its series while it has a value and until it has
 * been idle, unless a new key weighs twice as much as the lightest one: the tuple that runs out of ports must not disappear
 * in `other` behind fifty that do not.
 */

import type { Labels } from './series.js';
import { SeriesAdmission } from './series-admission.js';

export interface Candidate<T> {
  readonly key: string;
  readonly labels: Labels;
  readonly weight: number;
  readonly value: T;
}

export interface Member<T> {
  readonly labels: Labels;
  /** Null: it has no value now, but keeps its series until it has been idle. */
  readonly value: T | null;
}

export interface Selection<T> {
  readonly members: Member<T>[];
  /** The values that `other` is made of. */
  readonly rest: T[];
}

/** How many times as much as the lightest member a new key has to weigh to replace it. */
const REPLACES_AT = 2;

export class GaugeKeys<T> {
  readonly #labels = new Map<string, Labels>();

  constructor(private readonly admission = new SeriesAdmission()) {}

  select(candidates: readonly Candidate<T>[], now: number): Selection<T> {
    const current = new Map(candidates.map((candidate) => [candidate.key, candidate]));
    for (const { key, weight } of candidates)
      if (weight > 0 && this.admission.has(key)) this.admission.admit(key, now);
    for (const idle of this.admission.expire(now)) this.#labels.delete(idle);
    this.#admitNew(current, now);
    const members = [...this.#labels].map(([key, labels]) => ({
      labels,
      value: current.get(key)?.value ?? null,
    }));
    const rest = candidates.filter(({ key }) => !this.admission.has(key)).map(({ value }) => value);
    return { members, rest };
  }

  #admitNew(current: ReadonlyMap<string, Candidate<T>>, now: number): void {
    const weightOf = (key: string) => current.get(key)?.weight ?? 0;
    const heaviestFirst = [...this.admission.members()].sort((a, b) => weightOf(b) - weightOf(a));
    const isNew = ({ key, weight }: Candidate<T>) => weight > 0 && !this.admission.has(key);
    for (const candidate of [...current.values()].filter(isNew).sort((a, b) => b.weight - a.weight)) {
      if (this.admission.isFull) {
        const lightest = heaviestFirst.pop();
        if (lightest === undefined || candidate.weight < REPLACES_AT * weightOf(lightest)) return;
        this.#remove(lightest);
      }
      this.admission.admit(candidate.key, now);
      this.#labels.set(candidate.key, candidate.labels);
    }
  }

  #remove(key: string): void {
    this.admission.remove(key);
    this.#labels.delete(key);
  }
}
