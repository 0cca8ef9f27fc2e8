/**
 * Owners over a restart of the service: an entry in TIME_WAIT is older than the next run, and no process holds it any more. The last run
 * writes down, at its end and while an incident goes on, which cookies belong to which process that lives; when the kernel announces that process to the next run, its entries have
 * their owner, and the audit that follows finds it as it finds owners of lost events. In: the tables; what was written. Bounded.
 */
import type { Process } from '../model/process.js';
import { isThere, SOCKET_FLAG } from '../model/socket-state.js';
import type { SocketTable } from '../tables/socket-table.js';
import type { LostOwner, LostOwners } from './lost-owners.js';

/** Entries that are written down: eight bytes each. */
const MOST_SAVED = 250_000;
/** Slots that are read without a break. */
const AT_ONCE = 20_000;
/** Processes of an earlier run that are written down again. */
const MOST_LEFT = 10_000;

export interface SavedOwner extends Pick<LostOwner, 'direction' | 'bound'> {
  /** `pPID.TICKS`: its pid, and when it started since boot. */
  readonly process: string;
  /** Two halves each, the low one first. */
  readonly cookies: readonly number[];
  /** When that was known, Unix ms: another restart does not make it younger. */
  readonly known: number;
}

/**
 * An entry lives for a minute. One of a connection that was open when it was written down begins later: as late as the next run did, which
 * then knows the holder of what is open. Older ones than this are gone, ms.
 */
export const OWNERS_MS = 120_000;

/** Of connections and entries whose owner is known and lives. @param now Unix ms */
export function ownersNow(sockets: SocketTable, now: number): SavedOwner[] {
  for (const reading = ownersOf(sockets, now); ; ) {
    const { done, value } = reading.next();
    if (done === true) return value;
  }
}

/** The same, and yields where it can be interrupted: what begins or ends meanwhile may be left out. */
export function* ownersOf(sockets: SocketTable, now: number): Generator<void, SavedOwner[]> {
  const found = new Map<string, SavedOwner & { cookies: number[] }>();
  for (let slot = 0, left = MOST_SAVED; slot < sockets.end && left > 0; slot++) {
    if (slot % AT_ONCE === AT_ONCE - 1) yield;
    if (!isThere(sockets.stateOf(slot)) || !sockets.hasFlag(slot, SOCKET_FLAG.ATTRIBUTED)) continue;
    const { owner, direction } = sockets.flowOf(slot);
    if (owner.pid === null || owner.hasEnded) continue;
    const bound = sockets.hasFlag(slot, SOCKET_FLAG.BOUND);
    const id = `${owner.key} ${direction} ${bound}`;
    const saved = found.get(id) ?? { process: owner.key, direction, bound, cookies: [], known: now };
    found.set(id, saved);
    saved.cookies.push(...sockets.cookieOf(slot));
    left -= 1;
  }
  return [...found.values()];
}

interface Waiting {
  readonly saved: SavedOwner[];
  /** The kernel announced the process: an audit will find the entries. */
  isGiven: boolean;
}

export class SavedOwners {
  private readonly byProcess = new Map<string, Waiting>();

  /** @param lost takes the owners over, as if their events had been lost */
  constructor(private readonly lost: LostOwners) {}

  /** @param now Unix ms */
  load(saved: readonly SavedOwner[], now: number): void {
    for (const one of saved) {
      if (!isFresh(one, now)) continue;
      const known = this.byProcess.get(one.process);
      if (known === undefined) this.byProcess.set(one.process, { saved: [one], isGiven: false });
      else known.saved.push(one);
    }
  }

  /** The kernel announced it. */
  see(process: Process): void {
    if (this.byProcess.size === 0 || process.id <= 0) return;
    const known = this.byProcess.get(process.key);
    if (known === undefined || known.isGiven) return;
    known.isGiven = true;
    for (const { direction, bound, cookies } of known.saved)
      for (let i = 0; i + 1 < cookies.length; i += 2)
        this.lost.give(cookies[i] as number, cookies[i + 1] as number, process.id, { direction, bound });
  }

  /** What the next run may still need, also when this one has not come to it. @param now Unix ms */
  left(now: number): SavedOwner[] {
    const saved = [...this.byProcess.values()].flatMap((one) => one.saved);
    return saved.filter((one) => isFresh(one, now)).slice(0, MOST_LEFT);
  }

  /** Entries of the last run have gone. */
  forget(): void {
    this.byProcess.clear();
  }
}

/** The clock may have been set back. */
const isFresh = ({ known }: SavedOwner, now: number) => Math.abs(now - known) < OWNERS_MS;
