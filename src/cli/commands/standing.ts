/**
 * How ports stand, for the commands that say it in a sentence: of the whole machine in the service's words, of the scope that
 * --filter and --netns select in words about that scope alone. In: options, a data source. Out: rows, and where they are.
 */

import { byTightness, failingNow, isOut, tightestOf } from '../../forecast/outlook.js';
import { integer } from '../../protocol/format.js';
import type { SnapshotBody } from '../../protocol/frames.js';
import { MAX_LIMIT } from '../../protocol/names.js';
import { endpointInSentence } from '../../protocol/parts/destination.js';
import type {
  BudgetRow,
  FailureRow,
  FindingRow,
  IncidentRow,
  TotalsRow,
  VerdictRow,
} from '../../protocol/rows.js';
import { heldByText } from '../../view/budget.js';
import { namespaceName } from '../../view/names.js';
import { scopedVerdict } from '../../view/scoped-verdict.js';
import { type DataSource, rowsIfAny, rowsOf } from '../source/data-source.js';
import { netnsInode } from '../source/netns.js';
import { only } from './once.js';

export interface ScopeValues {
  readonly filter: string;
  readonly netns: string | undefined;
  readonly connect: string | undefined;
}

export interface Standing {
  /** The answer that the findings came in. */
  readonly body: SnapshotBody;
  /** Of the tables, Unix ms. */
  readonly time: number;
  readonly verdict: VerdictRow;
  readonly tightest: BudgetRow | null;
  /** The budget that the verdict is about. */
  readonly subject: BudgetRow | null;
  /** Whose calls fail most for want of ports now. */
  readonly victim: FailureRow | null;
  /** Other budgets without a port. */
  readonly alsoOut: readonly BudgetRow[];
  readonly findings: readonly FindingRow[];
  /** The worst first; none of an older service. */
  readonly incidents: readonly IncidentRow[];
  readonly totals: readonly TotalsRow[];
  /** --filter selects no row of any table: a mistake in it, or what it is about is not there now. */
  readonly matchesNothing: boolean;
}

/** Other destinations that are named; the rest is counted. */
const NAMED = 3;

export async function standingOf(source: DataSource, values: ScopeValues): Promise<Standing> {
  const totals = await rowsIfAny(source, { topic: 'totals' });
  const filter = filterOf(values, totals);
  const body = await source.table({ topic: 'findings', filter });
  const findings = rowsOf(body, 'findings');
  const [budgets, failures, incidents] = await Promise.all([
    budgetsOf(source, filter),
    failuresOf(source, filter),
    rowsIfAny(source, { topic: 'incidents', filter }),
  ]);
  const rows = { budgets, failures, findings, incidents };
  const verdict = filter === '' ? await machineVerdict(source) : scopedVerdict(rows, body.time);
  const tightest = tightestOf(budgets);
  const failing = failingNow(failures, body.time);
  const subject = budgets.find(({ key }) => key === verdict.budget) ?? null;
  const alsoOut = othersOut(budgets, failing, subject);
  return {
    body,
    time: body.time,
    verdict,
    tightest,
    subject,
    victim: failing[0] ?? null,
    alsoOut,
    findings,
    incidents,
    totals,
    matchesNothing: await matchesNothing(source, values.filter, filter, [
      ...findings,
      ...budgets,
      ...failures,
    ]),
  };
}

/** @param filter that of the options. @param scope the whole of it, --netns included */
async function matchesNothing(
  source: DataSource,
  filter: string,
  scope: string,
  found: readonly unknown[],
): Promise<boolean> {
  if (filter.trim() === '' || found.length > 0) return false;
  return (await rowsIfAny(source, { topic: 'flows', filter: scope, limit: 1 })).length === 0;
}

function filterOf({ filter, netns, connect }: ScopeValues, totals: readonly TotalsRow[]): string {
  if (netns === undefined) return filter.trim();
  return `${filter} netns:${netnsInode(netns, totals, connect)}`.trim();
}

async function machineVerdict(source: DataSource): Promise<VerdictRow> {
  return only(rowsOf(await source.table({ topic: 'verdict' }), 'verdict'), 'verdict');
}

/** More than one answer holds: the fullest are among the most used, the next to run out among those that do. */
async function budgetsOf(source: DataSource, filter: string): Promise<BudgetRow[]> {
  const ask = (sort: string) => rowsIfAny(source, { topic: 'budgets', filter, sort, limit: MAX_LIMIT });
  const rows = (await Promise.all([ask('-used'), ask('exhaustionSeconds')])).flat();
  return [...new Map(rows.map((row) => [row.key, row])).values()];
}

function failuresOf(source: DataSource, filter: string): Promise<readonly FailureRow[]> {
  return rowsIfAny(source, { topic: 'failures', filter, sort: '-perSec', limit: MAX_LIMIT });
}

function othersOut(
  budgets: readonly BudgetRow[],
  failing: readonly FailureRow[],
  subject: BudgetRow | null,
): readonly BudgetRow[] {
  const wanted = new Set(failing.map(({ budget }) => budget));
  const out = budgets.filter((row) => row.key !== subject?.key && (isOut(row) || wanted.has(row.key)));
  return out.sort(byTightness);
}

/** `In blue, held by worker 77 (20,001).`, `Also out: …`: sentences for what the verdict leaves open. */
export function whereabouts(standing: Standing): string[] {
  const { verdict, subject, alsoOut, matchesNothing } = standing;
  if (matchesNothing)
    return ['Nothing matches --filter now: no connection, budget or failure; is it spelled right?'];
  const unsaid = alsoOut.filter(({ incident }) => incident === null || !verdict.named.includes(incident));
  const others = unsaid.slice(0, NAMED).map((row) => `${target(row)} ${inside(standing, row)}${heldBy(row)}`);
  const more = unsaid.length - others.length;
  const rest = more > 0 ? ` and ${integer(more)} more` : '';
  // What is over says itself where it was.
  const about = verdict.level === 'recovered' ? null : (subject ?? incidentOf(standing) ?? standing.victim);
  return [
    ...(about === null
      ? []
      : [`I${inside(standing, about).slice(1)}${subject === null ? '' : heldBy(subject)}.`]),
    ...(others.length === 0 ? [] : [`Also out: ${others.join('; ')}${rest}.`]),
  ];
}

type Place = Pick<BudgetRow, 'netns' | 'netnsId'>;

/** `in blue`: another namespace may have the same addresses. */
export function inside({ totals }: Pick<Standing, 'totals'>, { netns, netnsId }: Place): string {
  const name = totals.find((row) => row.netnsId === netnsId)?.name ?? null;
  return `in ${namespaceName({ netns, name })}`;
}

/** The one that the verdict is about. */
function incidentOf({ incidents, verdict }: Standing): IncidentRow | null {
  return incidents.find(({ key }) => key === verdict.incident) ?? null;
}

function target({ kind, source, destination }: BudgetRow): string {
  if (kind === 'bind-pool') return `bind() on ${source.address ?? 'any address'}`;
  return endpointInSentence(destination) ?? 'an unknown destination';
}

function heldBy(row: BudgetRow): string {
  const text = heldByText(row);
  return text === null ? '' : `, ${text}`;
}
