/**
 * Owners over a restart of the service: an entry in TIME_WAIT is older than the next run, and no process holds it any more. The last run
 * writes down which cookies belong to which process that lives; when the kernel announces that process to the next run, its entries have
 * their owner, and the audit that follows finds it as it finds owners of lost events. In: the tables; what was written. Bounded.
 */
import type { Process } from '../model/process.js';
import { isThere, SOCKET_FLAG } from '../model/socket-state.js';
import type { SocketTable } from '../tables/socket-table.js';
import type { LostOwner, LostOwners } from './lost-owners.js';

/** Entries that are written down: eight bytes each. */
const MOST_SAVED = 250_000;

export interface SavedOwner extends Pick<LostOwner, 'direction' | 'bound'> {
  /** `pPID.TICKS`: its pid, and when it started since boot. */
  readonly process: string;
  /** Two halves each, the low one first. */
  readonly cookies: readonly number[];
}

/** Of connections and entries whose owner is known and lives. */
export function ownersNow(sockets: SocketTable): SavedOwner[] {
  const found = new Map<string, SavedOwner & { cookies: number[] }>();
  for (let slot = 0, left = MOST_SAVED; slot < sockets.end && left > 0; slot++) {
    if (!isThere(sockets.stateOf(slot)) || !sockets.hasFlag(slot, SOCKET_FLAG.ATTRIBUTED)) continue;
    const { owner, direction } = sockets.flowOf(slot);
    if (owner.pid === null || owner.info().exited === true) continue;
    const bound = sockets.hasFlag(slot, SOCKET_FLAG.BOUND);
    const id = `${owner.key} ${direction} ${bound}`;
    const saved = found.get(id) ?? { process: owner.key, direction, bound, cookies: [] };
    found.set(id, saved);
    saved.cookies.push(...sockets.cookieOf(slot));
    left -= 1;
  }
  return [...found.values()];
}

export class SavedOwners {
  private readonly byProcess = new Map<string, SavedOwner[]>();

  /** @param lost takes the owners over, as if their events had been lost */
  constructor(private readonly lost: LostOwners) {}

  load(saved: readonly SavedOwner[]): void {
    for (const one of saved) {
      const known = this.byProcess.get(one.process) ?? [];
      this.byProcess.set(one.process, [...known, one]);
    }
  }

  /** The kernel announced it. */
  see(process: Process): void {
    if (this.byProcess.size === 0 || process.id <= 0) return;
    const { key } = process;
    for (const { direction, bound, cookies } of this.byProcess.get(key) ?? [])
      for (let i = 0; i + 1 < cookies.length; i += 2)
        this.lost.give(cookies[i] as number, cookies[i + 1] as number, process.id, { direction, bound });
    this.byProcess.delete(key);
  }

  /** Entries of the last run have gone. */
  forget(): void {
    this.byProcess.clear();
  }
}
