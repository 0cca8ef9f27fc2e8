/**
 * Attempts that nobody answered: those that the kernel gave up, and those that a program gave up by a timeout of its own. The loser of
 * two attempts that race is none, nor is one that was cancelled. In: the tables. Out: failure rows, with the counts of such attempts
 * alone. Pure. Why these bounds: docs/decisions/unanswered.md.
 */
import type { Endpoint, FailureRow, ProcessInfo } from '../../../protocol/rows.js';
import { placeKey } from '../../churn-severity.js';
import { groupBy, sumOf } from '../../groups.js';
import { programKey } from '../../program-key.js';
import type { Actor, Tables } from '../../types.js';

/** Given up sooner than this it was cancelled: nobody waits so briefly for a network, ms. */
const LEAST_WAIT_MS = 100;
/** Attempts that were given up before the kernel tried again tell nothing unless they are many, and for a while. */
const MANY = 20;
const MANY_PER_SEC = 2;
const LASTING_MS = 5000;

interface Place {
  readonly netnsId: string | null;
  readonly destination: Endpoint;
}

export interface Unanswered {
  /** By the key of their row. */
  readonly rows: ReadonlyMap<string, FailureRow>;
  /** Connections that are opened to the place meanwhile, by anybody in its namespace, per second. */
  answeredPerSec(place: Place): number;
}

/** Rules and incidents ask for the same second. */
const known = new WeakMap<Tables, Unanswered>();

export function unansweredOf(tables: Tables): Unanswered {
  const before = known.get(tables);
  if (before !== undefined) return before;
  const found = find(tables);
  known.set(tables, found);
  return found;
}

function find({ failures, actors }: Tables): Unanswered {
  const attempts = failures.filter(isAttempt);
  const opens = new Opens(attempts.length === 0 ? [] : actors);
  const rows = new Map<string, FailureRow>();
  for (const row of attempts)
    if (row.cause === 'timed-out' || row.unanswered > 0) rows.set(row.key, alone(row));
  const brief = attempts.filter((row) => isBrief(row) && !opens.hasRival(row));
  for (const those of groupBy(brief, placeKey).values())
    if (isSilence(those) && opens.at(those[0] as FailureRow) === 0)
      for (const row of those) rows.set(row.key, row);
  return { rows, answeredPerSec: (place) => opens.at(place) };
}

const isAttempt = ({ call, cause, direction }: FailureRow) =>
  call === 'connect' && direction !== 'in' && (cause === 'aborted' || cause === 'timed-out');

/** What the kernel gave up was never answered, be it known of each or not. */
const alone = (row: FailureRow): FailureRow =>
  row.cause === 'timed-out' ? row : { ...row, count: row.unanswered, perSec: row.unansweredPerSec };

/** Most of its attempts are given up before the kernel tries again, and yet not at once. */
function isBrief({ cause, count, unanswered, waitedMs, perSec }: FailureRow): boolean {
  return (
    cause === 'aborted' && 2 * unanswered < count && (waitedMs ?? 0) >= LEAST_WAIT_MS && (perSec ?? 0) > 0
  );
}

function isSilence(rows: readonly FailureRow[]): boolean {
  const first = Math.min(...rows.map((row) => row.firstSeen ?? 0));
  const last = Math.max(...rows.map((row) => row.lastSeen ?? 0));
  return (
    sumOf(rows, ({ count }) => count) >= MANY &&
    sumOf(rows, ({ perSec }) => perSec) >= MANY_PER_SEC &&
    last - first >= LASTING_MS
  );
}

/** Whose attempts are compared. A process that has just begun has no program yet: then its file says what it is. */
function partiesOf({ netnsId, destination, process, program }: FailureRow | Actor): string[] {
  const place = `${netnsId} ${destination.port}`;
  const known = program === null ? [] : [`${place} ${programKey(process, program)}`];
  return isItsFile(process) || program === null ? [...known, `${place} ${process.exe}`] : known;
}

/** It was not run by an interpreter, so that its file is its program. */
const isItsFile = ({ script, exe }: ProcessInfo) => script === null && exe !== null;

/** What is opened: where, and by whom at which addresses. */
class Opens {
  private readonly byPlace = new Map<string, number>();
  private readonly addresses = new Map<string, Set<string | null>>();

  constructor(actors: readonly Actor[]) {
    for (const actor of actors) if (actor.direction === 'out' && actor.openPerSec > 0) this.add(actor);
  }

  at(place: Place): number {
    return this.byPlace.get(placeKey(place)) ?? 0;
  }

  /** The same program gets through at another address of that port: of the two that it tried one was first. */
  hasRival(row: FailureRow): boolean {
    const { address } = row.destination;
    return partiesOf(row).some((party) => {
      const addresses = this.addresses.get(party);
      return addresses !== undefined && (addresses.size > 1 || !addresses.has(address));
    });
  }

  private add(actor: Actor): void {
    const place = placeKey(actor);
    this.byPlace.set(place, this.at(actor) + actor.openPerSec);
    for (const party of partiesOf(actor)) {
      const addresses = this.addresses.get(party) ?? new Set();
      this.addresses.set(party, addresses.add(actor.destination.address));
    }
  }
}
