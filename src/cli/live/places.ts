/**
 * Which rows of a live screen are about the same place: a namespace, and a destination where there is one. And the budget that a what-if and
 * a port map are about. In: rows, a scene. Out: rows, a filter. Pure.
 */
import { endpoint } from '../../protocol/format.js';
import type { BudgetRow, FlowRow, IncidentRow } from '../../protocol/rows.js';
import type { State } from './state.js';

type Placed = Pick<FlowRow | BudgetRow | IncidentRow, 'netnsId' | 'destination'>;

/** Where a row is, as far as the place says: it may have no destination, or no port of one. */
export function isAt(row: Placed, { netnsId, destination }: Placed): boolean {
  if (row.netnsId !== netnsId) return false;
  const { address, port } = destination;
  return (
    address === null ||
    (row.destination.address === address && (port === null || row.destination.port === port))
  );
}

/** One of the rows is there; a sum over several places may be. */
export function isAmong(rows: Iterable<FlowRow>, place: Placed): boolean {
  const { netnsId, destination } = place;
  for (const row of rows) {
    const at = row.destination.address === null ? destination : row.destination;
    if (isAt({ netnsId: row.netnsId ?? netnsId, destination: at }, place)) return true;
  }
  return false;
}

/** What is on the screen, as far as it says which budget matters. */
interface Judged {
  readonly incident: IncidentRow | null;
  readonly budgets: readonly BudgetRow[];
  readonly flows: readonly FlowRow[];
  readonly state: Pick<State, 'filter'>;
}

/** Budgets of connect() that the filter leaves: somebody it shows opens connections there. The tightest first. */
export function budgetsLeft({ budgets, flows, state }: Omit<Judged, 'incident'>): BudgetRow[] {
  const outbound = flows.filter(({ direction }) => direction !== 'in');
  return budgets.filter((row) => row.kind === 'tuple' && (state.filter === '' || isAmong(outbound, row)));
}

/** The budget that a what-if is about: of the incident, else the tightest of those that the filter leaves; null: it leaves none. */
export function budgetOf(scene: Judged): BudgetRow | null {
  const { incident, budgets } = scene;
  const own = budgets.find(({ key, kind }) => kind === 'tuple' && key === incident?.budget);
  return own ?? budgetsLeft(scene)[0] ?? null;
}

/** The filter of a budget's own connections; null: there is nothing to project. */
export function towardFilter(scene: Judged): string | null {
  const budget = budgetOf(scene);
  if (budget === null) return null;
  const { netns, destination } = budget;
  return `dst:${endpoint(destination)}${netns === null ? '' : ` netns:${netns}`}`;
}
