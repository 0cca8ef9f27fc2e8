/**
 * What one client may ask for in all its subscriptions, and what all may ask for in opening them. In steps
 * (docs/decisions/filter-cost.md): how busy the machine is does not matter.
 */
import { Allowance } from '../../query/cost/allowance.js';
import { tooExpensive } from '../../query/filter/work.js';

/** Some third of a processor, of which all views together have half. A page on a machine with 100,000 flows takes half of this. */
const VIEW_STEPS = 16_000_000;
/** Views of large tables are made anew in one go: so many seconds' steps may be taken at once. */
const VIEW_BURST_SECONDS = 10;
const EVENT_STEPS = 8_000_000;
/** Of all clients together, to read filters: some tenth of a processor. */
const OPEN_STEPS = 8_000_000;
const OPEN_BURST_SECONDS = 2;

export interface ClientBudget {
  readonly views: Allowance;
  readonly events: Allowance;
}

export function clientBudget(): ClientBudget {
  return { views: new Allowance(VIEW_STEPS, VIEW_BURST_SECONDS), events: new Allowance(EVENT_STEPS) };
}

export function openingBudget(): Allowance {
  return new Allowance(OPEN_STEPS, OPEN_BURST_SECONDS);
}

/** Throws TOO_EXPENSIVE, before anything is done for a subscription. */
export function checkBudgets({ views, events }: ClientBudget, opening: Allowance, now: number): void {
  if (!views.has(now) || !events.has(now))
    throw tooExpensive('the subscriptions of this client take more work than one client may ask for');
  if (!opening.has(now))
    throw tooExpensive('too many large filters are asked for: try again in some seconds');
}
