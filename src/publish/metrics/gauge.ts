/**
 * Gauges that share their keys: few keys with series of their own, the rest together as `other`. Enters: what there is now.
 * Leaves: members and the rest. A member keeps its place while it lasts and until idle, unless a newcomer weighs twice as
 * much as the lightest: the tuple that runs out must not hide in `other` behind fifty that do not. Called by families.ts.
 */

import type { Labels } from './series.js';
import { Roster } from './series-admission.js';

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

  constructor(private readonly roster = new Roster()) {}

  seat(candidates: readonly Candidate<T>[], now: number): Seated<T> {
    const here = new Map(candidates.map((candidate) => [candidate.key, candidate]));
    for (const { key, weight } of candidates)
      if (weight > 0 && this.roster.has(key)) this.roster.admit(key, now);
    for (const idle of this.roster.retire(now)) this.#labels.delete(idle);
    this.#welcome(here, now);
    const members = [...this.#labels].map(([key, labels]) => ({
      labels,
      value: here.get(key)?.value ?? null,
    }));
    const rest = candidates.filter(({ key }) => !this.roster.has(key)).map(({ value }) => value);
    return { members, rest };
  }

  #welcome(here: ReadonlyMap<string, Candidate<T>>, now: number): void {
    const weightOf = (key: string) => here.get(key)?.weight ?? 0;
    const lightest = [...this.roster.members()].sort((a, b) => weightOf(b) - weightOf(a));
    const isNew = ({ key, weight }: Candidate<T>) => weight > 0 && !this.roster.has(key);
    for (const one of [...here.values()].filter(isNew).sort((a, b) => b.weight - a.weight)) {
      if (this.roster.isFull) {
        const out = lightest.pop();
        if (out === undefined || one.weight < OUTWEIGHS * weightOf(out)) return;
        this.#dismiss(out);
      }
      this.roster.admit(one.key, now);
      this.#labels.set(one.key, one.labels);
    }
  }

  #dismiss(key: string): void {
    this.roster.dismiss(key);
    this.#labels.delete(key);
  }
}
