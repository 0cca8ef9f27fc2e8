/**
 * Owners of connections whose events had no room in the ring: by cookie, until an audit finds them. In: records of
 * lost_owner. Out: owner and direction, for the reconciler. An owner that two audits did not ask for is forgotten: its
 * connection has gone, or a later event named it. Bounded.
 */
import type { Batch } from '../../decode/batch.js';
import { DIRECTION, FLAG, offsetsOf, sizeOf } from '../../decode/layout.js';
import type { Owner } from '../model/owner.js';
import { CookieMap } from '../tables/cookie-map.js';
import type { ProcessTable } from '../tables/process-table.js';

const AT = offsetsOf('lost_owner');
const BYTES = sizeOf('lost_owner');
const LIMIT = 500_000;
/** A value in the map: process id, two bits of direction, and these. */
const BOUND = 1 << 2;
const ACCEPTED = 1 << 3;
const ID_SHIFT = 4;

export interface LostOwner {
  owner: Owner;
  direction: number;
  /** bind() chose its port. */
  bound: boolean;
  /** Inbound: the event of its accept() was lost, and with it the count of its opening. */
  accepted: boolean;
}

export class LostOwners {
  private recent = new CookieMap(LIMIT);
  private older = new CookieMap(LIMIT);

  /** @param onOwner a socket's owner became known, which an audit may have found before without one */
  constructor(
    private readonly processes: ProcessTable,
    private readonly onOwner: (low: number, high: number) => void = () => undefined,
  ) {}

  /** @param length bytes of whole records in the batch */
  take(batch: Batch, length: number): void {
    for (let at = 0; at + BYTES <= length; at += BYTES) this.takeOne(batch, at);
  }

  of(low: number, high: number): LostOwner | null {
    const value = this.value(low, high);
    if (value < 0) return null;
    const process = this.processes.find(value >> ID_SHIFT);
    if (process === null) return null;
    return {
      owner: process.accountable,
      direction: value & 3,
      bound: (value & BOUND) !== 0,
      accepted: (value & ACCEPTED) !== 0,
    };
  }

  /** @param id of an announced process */
  give(
    low: number,
    high: number,
    id: number,
    { direction, bound, accepted = false }: Pick<LostOwner, 'direction' | 'bound'> & { accepted?: boolean },
  ): void {
    const flags = (bound ? BOUND : 0) | (accepted ? ACCEPTED : 0);
    this.onOwner(low, high);
    this.recent.set(low, high, (id << ID_SHIFT) | direction | flags);
  }

  endAudit(): void {
    if (this.recent.size + this.older.size === 0) return;
    this.older = this.recent;
    this.recent = new CookieMap(LIMIT);
  }

  private takeOne({ u8, u32 }: Batch, at: number): void {
    const [low, high] = [u32[at >> 2] as number, u32[(at >> 2) + 1] as number];
    const flags = u8[at + AT.flags] as number;
    const byListener = (flags & FLAG.OWNER_IS_LISTENER) !== 0;
    if (byListener && this.value(low, high) >= 0) return;
    const id = u32[(at + AT.owner) >> 2] as number;
    this.processes.of(id, u32[(at + AT.owner_tgid) >> 2] as number);
    const direction = u8[at + AT.direction] as number;
    const bound = (flags & FLAG.BOUND_BEFORE) !== 0;
    const accepted = direction === DIRECTION.IN && !byListener;
    this.give(low, high, id, { direction, bound, accepted });
  }

  private value(low: number, high: number): number {
    const recent = this.recent.get(low, high);
    return recent < 0 ? this.older.get(low, high) : recent;
  }
}
