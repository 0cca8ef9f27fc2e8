/**
 * What a live screen shows, of what the service said and the user chose: rows in their order, the incident, its commands. In: a replica, a
 * state. Out: one value that every part of the screen is drawn from. It remembers the order of rows, which changes at most every 2 s, and
 * the last minute of each row.
 */
import type { Link } from '../../client/link.js';
import type { Replica } from '../../client/replica.js';
import { byHarm } from '../../forecast/harm.js';
import { byTightness, fullness } from '../../forecast/outlook.js';
import type { FlowDetail } from '../../protocol/detail.js';
import type { PortOwner } from '../../protocol/ports/schema.js';
import type {
  BudgetRow,
  ConnectionEvent,
  FailureRow,
  FlowRow,
  IncidentRemedy,
  IncidentRow,
  TotalsRow,
  VerdictRow,
} from '../../protocol/rows.js';
import { Budgets, byBlame } from '../../view/culprits.js';
import { pasted, shownIncident } from '../../view/incident.js';
import { namespaceName } from '../../view/names.js';
import { comparator, type Ranking, rerank, unranked } from '../../view/order.js';
import type { Counts } from '../../view/ports/counts.js';
import { Sparks } from '../../view/spark.js';
import type { Glyphs } from '../screen/text.js';
import { isAmong, isAt } from './places.js';
import type { SortField, State } from './state.js';

/** What is followed besides the tables: one flow's details and its process's events. */
export interface Aside {
  readonly key: string;
  readonly detail: FlowDetail | null;
  readonly events: readonly ConnectionEvent[];
  /** Events that came faster than they could be kept. */
  readonly dropped: number;
}

/** A port map as it is drawn. */
export interface KnownPorts {
  readonly state: 'known';
  /** The local port of the first cell. */
  readonly first: number;
  readonly owners: readonly PortOwner[];
  readonly cells: Uint8Array;
  readonly counts: Counts;
  /** By index of the owner. */
  readonly tints: Uint8Array;
}

/** Refused: the service has no map of the budget. Rangeless: the port range is not known. Each with the key of its budget. */
export type ShownPorts = { readonly budget: string } & (
  | KnownPorts
  | { readonly state: 'waiting' | 'refused' | 'rangeless' }
);

/** What comes from beside the tables, each while it is on the screen. */
export interface Besides {
  readonly aside: Aside | null;
  /** The connections toward the budget of the what-if; null: not asked for, or not come yet. */
  readonly toward: readonly FlowRow[] | null;
  /** Null: not on the screen. */
  readonly ports: ShownPorts | null;
}

export interface Scene extends Besides {
  readonly replica: Replica;
  readonly link: Link;
  readonly state: State;
  readonly glyphs: Glyphs;
  /** Unix ms: ages go on during a pause, rows do not. */
  readonly now: number;
  readonly verdict: VerdictRow | null;
  readonly totals: readonly TotalsRow[];
  /** Not over, the worst first; within the scope, and about what the filter shows. */
  readonly incidents: readonly IncidentRow[];
  /** Not over, within the scope, about nothing that the filter shows. */
  readonly outside: readonly IncidentRow[];
  readonly incident: IncidentRow | null;
  readonly budgets: readonly BudgetRow[];
  readonly byPlace: Budgets;
  readonly failures: readonly FailureRow[];
  readonly flows: readonly FlowRow[];
  readonly gone: Pick<ReadonlySet<string>, 'has'>;
  readonly sparks: Sparks;
}

/** The moment, and how it is drawn. */
export type Moment = Pick<Scene, 'now' | 'glyphs'>;

/** The copy of a pause, and the memory of order and of the last minute. */
export class SceneMaker {
  #ranking: Ranking<FlowRow> = unranked();
  #order = '';
  readonly #flowSparks = new Sparks();

  make(replica: Replica, link: Link, state: State, { now, glyphs, ...besides }: Moment & Besides): Scene {
    const inScope = ({ netns }: { netns: number | null }) => state.netns === null || netns === state.netns;
    const rows = <T extends { netns: number | null }>(all: ReadonlyMap<string, T>) =>
      [...all.values()].filter(inScope);
    const { tables } = replica;
    const budgets = rows(tables.budgets.rows).sort(byTightness);
    const byPlace = new Budgets(budgets);
    const lasting = rows(tables.incidents.rows)
      .filter(({ state }) => state !== 'over')
      .sort(byHarm);
    const isShown = (row: IncidentRow) => state.filter === '' || isAmong(tables.flows.rows.values(), row);
    const incidents = lasting.filter(isShown);
    const shown = shownIncident(incidents, { chosen: state.incident, shown: null, held: false });
    const incident = incidents.find(({ key }) => key === shown) ?? null;
    this.#rank(tables.flows.rows, state, { budgets: byPlace, incident, now });
    // Rows that stand still are no samples of these seconds.
    if (state.paused === null && link.phase === 'open') this.#sample(now);
    return {
      replica,
      link,
      state,
      glyphs,
      now,
      verdict: tables.verdict.rows.get('verdict') ?? null,
      totals: rows(tables.totals.rows),
      incidents,
      outside: lasting.filter((row) => !isShown(row)),
      incident,
      budgets: firstOf(
        budgets.filter((row) => (fullness(row) ?? 0) > 0),
        incident,
      ),
      byPlace,
      failures: rows(tables.failures.rows)
        .filter(({ perSec }) => (perSec ?? 0) > 0)
        .sort((a, b) => (b.perSec ?? 0) - (a.perSec ?? 0)),
      flows: this.#ranking.rows,
      gone: this.#ranking.gone,
      sparks: this.#flowSparks,
      ...besides,
    };
  }

  #sample(now: number): void {
    const { rows } = this.#ranking;
    this.#flowSparks.look(
      rows.map(({ key, portsHeld }) => [key, portsHeld] as const),
      now,
    );
  }

  #rank(
    rows: ReadonlyMap<string, FlowRow>,
    state: State,
    { budgets, incident, now }: { budgets: Budgets; incident: IncidentRow | null; now: number },
  ): void {
    const { sort, ascending, group, frozen, filter, netns } = state;
    const chosen = state.incident === null ? null : incident;
    const order = [sort, ascending, group, filter, netns, chosen?.key].join('|');
    const moment = { now, held: frozen, forced: order !== this.#order };
    this.#order = order;
    const by = comparatorOf(sort, ascending, budgets);
    const first = sort === 'blame' && !ascending ? incident : chosen;
    this.#ranking = rerank(this.#ranking, rows, ownFirst(first, by), moment);
  }
}

/** Rows of the incident above them come before all others: by blame, and in any order where somebody chose it. */
function ownFirst(incident: IncidentRow | null, by: (a: FlowRow, b: FlowRow) => number) {
  if (incident === null) return by;
  return (a: FlowRow, b: FlowRow) => Number(isAt(b, incident)) - Number(isAt(a, incident)) || by(a, b);
}

/** That of the incident above them before all others, then those of its place: where two have room, others may be as full. */
function firstOf(budgets: readonly BudgetRow[], incident: IncidentRow | null): readonly BudgetRow[] {
  if (incident === null) return budgets;
  const rank = (row: BudgetRow) => (row.key === incident.budget ? 0 : isAt(row, incident) ? 1 : 2);
  return [0, 1, 2].flatMap((wanted) => budgets.filter((row) => rank(row) === wanted));
}

function comparatorOf(sort: SortField, ascending: boolean, budgets: Budgets) {
  if (sort === 'blame') {
    const by = byBlame(budgets);
    return ascending ? (a: FlowRow, b: FlowRow) => by(b, a) : by;
  }
  return comparator<FlowRow>([{ of: (row) => row[sort], descending: !ascending }]);
}

/** The row under the cursor; where nobody moved that, the first whose process is known, and that as long as it is among the first. */
export function tracedRow({
  flows,
  state,
  aside,
}: Pick<Scene, 'flows' | 'state' | 'aside'>): FlowRow | undefined {
  const top = flows.slice(0, STAYS).filter(({ process }) => process.pid !== null);
  return (
    flows.find(({ key }) => key === state.selected) ??
    top.find(({ key }) => key === aside?.key) ??
    top[0] ??
    flows[0]
  );
}

/** A row that is no lower than this is traced on, whoever has come above it. */
const STAYS = 5;

/** What a key copies of it; null: it has nothing to copy, or would not help. */
export const copied = (remedy: IncidentRemedy): string | null =>
  remedy.role === 'will-not-help' ? null : pasted(remedy);

/** What the fix shows, in its order: each remedy that can be copied. */
export function commandsOf({ incident }: Pick<Scene, 'incident'>): string[] {
  return (incident?.remedies ?? []).flatMap((remedy) => copied(remedy) ?? []);
}

/** The same address in several namespaces is as many places. */
export const isOneNamespace = (rows: readonly { netnsId: string | null }[]): boolean =>
  rows.every(({ netnsId }) => netnsId === rows[0]?.netnsId);

/** A namespace's name where there are several; null: there is only one to speak of. */
export function placeOf({ replica }: Scene, netnsId: string | null): string | null {
  const all = replica.tables.totals.rows;
  if (all.size < 2) return null;
  const found = [...all.values()].find((one) => one.netnsId === netnsId);
  return found === undefined ? null : namespaceName(found);
}
