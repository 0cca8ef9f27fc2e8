/**
 * Who pays for work that several asked for: all of them, each the whole of it, so that what one asks for costs the same whoever else
 * does. In: who asks, steps that were taken. Out: whether one of them can pay for more.
 */
import type { Allowance } from './allowance.js';

/** Null: what the service itself asks for, and single questions, whose number is limited otherwise. */
export type Payer = Allowance | null;

export class Payers {
  /** How often each of them asked. */
  readonly #payers = new Map<Payer, number>();

  join(payer: Payer): void {
    this.#payers.set(payer, (this.#payers.get(payer) ?? 0) + 1);
  }

  leave(payer: Payer): void {
    const left = (this.#payers.get(payer) ?? 0) - 1;
    if (left > 0) this.#payers.set(payer, left);
    else this.#payers.delete(payer);
  }

  /** `now`: monotonic ms. */
  has(now: number): boolean {
    for (const payer of this.#payers.keys()) if (payer === null || payer.has(now)) return true;
    return false;
  }

  spend(steps: number): void {
    for (const payer of this.#payers.keys()) payer?.spend(steps);
  }
}
