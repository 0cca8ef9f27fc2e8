/**
 * What may be an incident, each second: a budget that is out of ports or soon will be, a destination that refuses, a namespace whose
 * TIME_WAIT entries overflow. In: the tables. Out: one observation for each, with the failed calls that are about it. Pure.
 */
import { outlook, wantsPorts } from '../../forecast/outlook.js';
import { NOWHERE } from '../../protocol/names.js';
import { hostOf } from '../../protocol/parts/destination.js';
import type { BudgetRow, FailureRow, IncidentKind, Place, TotalsRow } from '../../protocol/rows.js';
import { programKey } from '../program-key.js';
import { Listeners } from '../rules/failing/listeners.js';
import { unansweredOf } from '../rules/failing/unanswered.js';
import type { Facts, Tables } from '../types.js';
import { worthy } from '../worthy.js';
import type { Ledger } from './counts/ledger.js';
import type { Grown } from './counts/window.js';
import { Gathered, type Observation, type Subject } from './observation.js';

/** Failure rows read in a second. */
const MOST_ROWS = 5000;
/** Subjects that may become an incident; a local user makes as many as there are ports. */
export const MOST_SUBJECTS = 1000;
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

/** @param budgets by key. @param ledger of this second. @param isWatched a subject that is looked at already has room in any case */
export function observe(
  tables: Tables,
  facts: Facts,
  budgets: ReadonlyMap<string, BudgetRow>,
  ledger: Ledger,
  isWatched: (id: string) => boolean = () => false,
): ReadonlyMap<string, Observation> {
  const found = new Gathered();
  const add = (one: Observation) => {
    const { id, kind } = one.subject;
    found.add(one, id, found.size < MOST_SUBJECTS || kind === 'bind-pool' || isWatched(id));
  };
  for (const row of tables.totals) if (facts.overflowPerSec.has(row.key)) add(ofOverflow(row, ledger));
  for (const budget of tables.budgets) {
    const threat = threatOf(budget);
    if (threat !== null) add({ subject: subjectOfBudget(budget), budget, threat, ...NOTHING });
  }
  const unanswered = unansweredOf(tables);
  const listeners = new Listeners(tables.actors);
  addFailures(worthy(tables.failures, MOST_ROWS), tables.time, {
    budgets,
    unanswered,
    listeners,
    ledger,
    add,
  });
  return found.all;
}

/** What failures are judged by. */
interface Beside {
  readonly budgets: ReadonlyMap<string, BudgetRow>;
  readonly unanswered: ReturnType<typeof unansweredOf>;
  readonly listeners: Listeners;
  readonly ledger: Ledger;
  add(one: Observation): void;
}

/** Those for want of ports first, as long as there is room. */
function addFailures(rows: readonly FailureRow[], time: number, beside: Beside): void {
  const others = rows.filter((row) => !wantsPorts(row));
  for (const row of rows) if (wantsPorts(row)) addFailure(row, NO_SCANS, beside);
  const scans = scansOf(others, time);
  for (const row of others) addFailure(row, scans, beside);
}

function addFailure(given: FailureRow, scans: ReadonlySet<string>, beside: Beside): void {
  const { budgets, unanswered, listeners, ledger, add } = beside;
  const silent = unanswered.rows.get(given.key);
  const kind = silent === undefined ? kindOf(given) : 'no-answer';
  if (kind === null) return;
  const row = silent ?? given;
  const one = ofFailure({ row, failed: ledger.take(given, row) }, kind, budgets, scans);
  if (kind === 'no-answer') add({ ...one, answeredPerSec: unanswered.answeredPerSec(row) });
  else add(kind === 'bind' ? { ...one, holder: listeners.of(row) } : one);
}

/** No call has failed. */
const NOTHING = { rows: [], fresh: [], failed: 0 };
const NO_SCANS: ReadonlySet<string> = new Set();

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

function subjectOfBudget(budget: BudgetRow): Subject {
  const kind = budget.kind === 'tuple' ? 'ports' : 'bind-pool';
  const destination = budget.kind === 'tuple' ? budget.destination : NOWHERE;
  return subjectOf(kind, budget, budget.source.address, destination);
}

function ofFailure(
  grown: Grown,
  kind: IncidentKind,
  budgets: ReadonlyMap<string, BudgetRow>,
  scans: ReadonlySet<string>,
): Observation {
  const { row, failed } = grown;
  const counts = { rows: [row], fresh: failed > 0 ? [grown] : [], failed };
  const budget = row.budget === null ? undefined : budgets.get(row.budget);
  if (budget !== undefined)
    return { subject: subjectOfBudget(budget), budget, threat: threatOf(budget), ...counts };
  const isScan = kind === 'refused' && scans.size > 0 && scans.has(scanKey(row));
  const destination = isScan ? hostOf(row.destination) : row.destination;
  const subject = subjectOf(isScan ? 'scan' : kind, row, null, destination);
  return { subject, budget: null, threat: null, ...counts };
}

function ofOverflow(row: TotalsRow, ledger: Ledger): Observation {
  const subject = subjectOf('overflow', { netns: row.netns, netnsId: row.netnsId }, null, NOWHERE);
  return { subject, budget: null, threat: null, ...NOTHING, failed: ledger.takeOverflow(row) };
}

function subjectOf(
  kind: IncidentKind,
  { netns, netnsId }: Pick<Subject, 'netns' | 'netnsId'>,
  source: string | null,
  destination: Place,
): Subject {
  const { address, port } = destination;
  const id = `${kind}:${netnsId ?? ''}:${bracketed(source)}:${bracketed(address)}:${port ?? ''}`;
  return { id, kind, netns, netnsId, destination };
}

/** So that the colons of an IPv6 address part nothing. */
const bracketed = (address: string | null) =>
  address === null ? '' : address.includes(':') ? `[${address}]` : address;

/** Programs and hosts of which many ports refuse lately. */
export function scansOf(failures: readonly FailureRow[], time: number): Set<string> {
  const lately = failures.filter((row) => row.cause === 'refused' && time - (row.lastSeen ?? 0) <= SCAN_MS);
  const hosts = new Map<string | null, number>();
  for (const { destination } of lately)
    hosts.set(destination.address, (hosts.get(destination.address) ?? 0) + 1);
  const ports = new Map<string, Set<number | null>>();
  for (const row of lately)
    if ((hosts.get(row.destination.address) ?? 0) >= SCANNED_PORTS) addPort(ports, row);
  return new Set([...ports].filter(([, { size }]) => size >= SCANNED_PORTS).map(([key]) => key));
}

function addPort(ports: Map<string, Set<number | null>>, row: FailureRow): void {
  const key = scanKey(row);
  const known = ports.get(key);
  if (known === undefined) ports.set(key, new Set([row.destination.port]));
  else if (known.size < SCANNED_PORTS) known.add(row.destination.port);
}

export function scanKey({ netnsId, destination, process, program }: FailureRow): string {
  return `${netnsId} ${destination.address} ${programKey(process, program)}`;
}
