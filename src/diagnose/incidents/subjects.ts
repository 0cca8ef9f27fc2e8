/**
 * What may be an incident, each second: a budget that is out of ports or soon will be, a destination that refuses, a namespace whose
 * TIME_WAIT entries overflow. In: the tables. Out: one observation for each, with the failed calls that are about it. Pure.
 */
import { outlook } from '../../forecast/outlook.js';
import type { BudgetRow, Endpoint, FailureRow, IncidentKind, TotalsRow } from '../../protocol/rows.js';
import { programKey } from '../program-key.js';
import { Listeners } from '../rules/failing/listeners.js';
import { unansweredOf } from '../rules/failing/unanswered.js';
import type { Facts, Tables } from '../types.js';
import { Gathered, type Observation, type Subject } from './observation.js';

/** Failure rows read in a second. */
const MOST_ROWS = 5000;
/** Running out later than this is no incident yet, seconds. */
const SOON_SECONDS = 600;
/** So many ports of one host that refuse one program are a scan. */
const SCANNED_PORTS = 8;
/** Failures older than this are no part of a scan, ms. */
const SCAN_MS = 30_000;

const KINDS: Readonly<Partial<Record<FailureRow['cause'], IncidentKind>>> = {
  'ports-exhausted': 'ports',
  'bind-pool-exhausted': 'bind-pool',
  refused: 'refused',
  'timed-out': 'no-answer',
  unreachable: 'unreachable',
  reset: 'other',
  'tuple-in-use': 'other',
  'not-permitted': 'other',
  'no-memory': 'other',
};

/** @param budgets by key */
export function observe(
  tables: Tables,
  facts: Facts,
  budgets: ReadonlyMap<string, BudgetRow>,
): ReadonlyMap<string, Observation> {
  const found = new Gathered();
  for (const budget of tables.budgets) {
    const threat = threatOf(budget);
    if (threat !== null) found.add({ ...ofBudget(budget), threat, rows: [], failed: 0 });
  }
  const failures = worthy(tables.failures);
  const scans = scansOf(failures, tables.time);
  const unanswered = unansweredOf(tables);
  const listeners = new Listeners(tables.actors);
  for (const given of failures) {
    const row = unanswered.rows.get(given.key) ?? given;
    const kind = unanswered.rows.has(given.key) ? 'no-answer' : kindOf(given);
    if (kind === null) continue;
    const one = ofFailure(row, kind, budgets, scans);
    if (kind === 'no-answer') found.add({ ...one, answeredPerSec: unanswered.answeredPerSec(row) });
    else found.add(kind === 'bind' ? { ...one, holder: listeners.of(row) } : one);
  }
  for (const row of tables.totals) if (facts.overflowPerSec.has(row.key)) found.add(ofOverflow(row));
  return found.all;
}

/** All of them, unless somebody fails on purpose at thousands of places: then those for want of ports, and the fastest. */
function worthy(rows: readonly FailureRow[]): readonly FailureRow[] {
  if (rows.length <= MOST_ROWS) return rows;
  const rank = ({ cause, perSec }: FailureRow) => (cause.endsWith('exhausted') ? 1e9 : 0) + (perSec ?? 0);
  return [...rows].sort((a, b) => rank(b) - rank(a)).slice(0, MOST_ROWS);
}

function threatOf(budget: BudgetRow): Observation['threat'] {
  const next = outlook(budget);
  if (budget.limit === null) return null;
  if (next.state === 'out') return 'out';
  return next.state === 'running-out' && next.seconds <= SOON_SECONDS ? 'soon' : null;
}

/**
 * Null: no sign of trouble. A program that lacks a source address of one family goes on with the other, and an attempt that it gave up
 * itself may have been one of two that raced: unanswered.ts says which was not.
 */
function kindOf({ call, cause, direction, count }: FailureRow): IncidentKind | null {
  if (direction === 'in' || count === 0) return null;
  const kind = KINDS[cause] ?? null;
  if (call === 'bind') return kind === 'bind-pool' ? kind : 'bind';
  return kind;
}

function ofBudget(budget: BudgetRow): Pick<Observation, 'subject' | 'budget' | 'threat'> {
  const kind = budget.kind === 'tuple' ? 'ports' : 'bind-pool';
  const destination = budget.kind === 'tuple' ? budget.destination : NOWHERE;
  return {
    subject: subjectOf(kind, budget, budget.source.address, destination),
    budget,
    threat: threatOf(budget),
  };
}

const NOWHERE: Endpoint = { address: null, port: null };

function ofFailure(
  row: FailureRow,
  kind: IncidentKind,
  budgets: ReadonlyMap<string, BudgetRow>,
  scans: ReadonlySet<string>,
): Observation {
  const counts = { rows: [row], failed: row.count };
  const budget = row.budget === null ? undefined : budgets.get(row.budget);
  if (budget !== undefined) return { ...ofBudget(budget), ...counts };
  const isScan = kind === 'refused' && scans.has(scanKey(row));
  const destination = isScan ? { address: row.destination.address, port: null } : row.destination;
  const subject = subjectOf(isScan ? 'scan' : kind, row, null, destination);
  return { subject, budget: null, threat: null, ...counts };
}

function ofOverflow(row: TotalsRow): Observation {
  const subject = subjectOf('overflow', { netns: row.netns, netnsId: row.netnsId }, null, NOWHERE);
  return { subject, budget: null, threat: null, rows: [], failed: row.timeWaitOverflow ?? 0 };
}

function subjectOf(
  kind: IncidentKind,
  { netns, netnsId }: Pick<Subject, 'netns' | 'netnsId'>,
  source: string | null,
  destination: Endpoint,
): Subject {
  const { address, port } = destination;
  const id = [kind, netnsId ?? '', bracketed(source), bracketed(address), port ?? ''].join(':');
  return { id, kind, netns, netnsId, destination };
}

/** So that the colons of an IPv6 address part nothing. */
const bracketed = (address: string | null) =>
  address === null ? '' : address.includes(':') ? `[${address}]` : address;

/** Programs and hosts of which many ports refuse lately. */
export function scansOf(failures: readonly FailureRow[], time: number): Set<string> {
  const ports = new Map<string, Set<number | null>>();
  for (const row of failures) {
    if (row.cause !== 'refused' || time - (row.lastSeen ?? 0) > SCAN_MS) continue;
    const key = scanKey(row);
    const known = ports.get(key) ?? new Set();
    ports.set(key, known.add(row.destination.port));
  }
  return new Set([...ports].filter(([, { size }]) => size >= SCANNED_PORTS).map(([key]) => key));
}

export function scanKey({ netnsId, destination, process, program }: FailureRow): string {
  return `${netnsId} ${destination.address} ${programKey(process, program)}`;
}
