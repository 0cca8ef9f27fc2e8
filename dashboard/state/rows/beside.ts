/**
 * What other tables know about a flow: why its connects fail, when its ports run out. In: budgets, failures. Out: look-ups,
 * made once per change of those tables.
 */
import { computed } from '@preact/signals';
import type { Endpoint, FlowRow } from '../../../src/protocol/rows.js';
import { Budgets } from '../../../src/view/culprits.js';
import { endpoint } from '../../text/format.js';
import { outlookWords, type Saying } from '../../text/words.js';
import { budgets, failures } from '../model.js';

/** Where a destination has several source addresses, the budget that runs out first. */
export const byDestination = computed(() => new Budgets(budgets.value.rows.values()));

let said: ReadonlyMap<string, Saying> = new Map();
/** The same object while the words are the same, so that no cell is drawn anew. */
const outlooks = computed(() => {
  const next = new Map<string, Saying>();
  for (const [key, row] of budgets.value.rows) {
    const [last, says] = [said.get(key), outlookWords(row)];
    next.set(key, last?.word === says.word && last.glyph === says.glyph ? last : says);
  }
  said = next;
  return next;
});

/** Null: its budget is not among the tightest. Inbound connections need no port. */
export function outlookOf(flow: FlowRow): Saying | null {
  const budget = byDestination.value.of(flow);
  return budget === undefined ? null : (outlooks.value.get(budget.key) ?? null);
}

/** Percent, so that no cell is drawn anew for less. Null: as above, or it is not known. */
export function shareInPercent(flow: FlowRow): number | null {
  const share = byDestination.value.shareOf(flow);
  return share === null ? null : Math.floor(share * 100);
}

const place = (netnsId: string | null, destination: Endpoint) => `${netnsId}|${endpoint(destination)}`;

/** Fastest first. */
const errnos = computed(() => {
  const found = new Map<string, string>();
  for (const { process, netnsId, destination, errno } of [...failures.value.rows.values()].sort(byRate)) {
    const at = `${process.pid}|${place(netnsId, destination)}`;
    if (errno !== null && !found.has(at)) found.set(at, errno);
  }
  return found;
});

const byRate = (a: { perSec: number | null }, b: { perSec: number | null }) =>
  (b.perSec ?? 0) - (a.perSec ?? 0);

/** The errno of most of its failures at present; null: none is among the fastest failures, which are all that the page has. */
export function errnoOf({ process, netnsId, destination }: FlowRow): string | null {
  if (process.pid === null) return null;
  return errnos.value.get(`${process.pid}|${place(netnsId, destination)}`) ?? null;
}
