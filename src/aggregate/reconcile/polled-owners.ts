/**
 * What polling adds to audits, and what it takes from rows: owners by the socket's holder, and null for everything that
 * only events count. In: holders. Out: owners, sources.
 */
import type { RowOf, TableTopic } from '../../protocol/frames.js';
import type { TableSource } from '../../protocol/source.js';
import type { Aggregator } from '../ingest/aggregator.js';
import type { Owner } from '../model/owner.js';

/** A process that holds a descriptor of a socket. */
export interface Holder {
  readonly pid: number;
  /** Clock ticks after boot: with the pid, the identity of a process. */
  readonly startTicks: number;
}

/** Gives processes that no kernel program announced the ids that the tables ask for. */
export class PolledOwners {
  private readonly ids = new Map<string, number>();
  private next = 1;

  constructor(private readonly aggregator: Aggregator) {}

  of(holder: Holder): Owner {
    const { processes } = this.aggregator;
    const id = this.ids.get(keyOf(holder)) ?? this.next++;
    this.ids.set(keyOf(holder), id);
    const process = processes.of(id, holder.pid);
    process.startTicks ??= holder.startTicks;
    return process.accountable;
  }

  /** @param timeNs when it was found gone */
  exit(holder: Holder, timeNs: number): void {
    const id = this.ids.get(keyOf(holder));
    if (id === undefined) return;
    this.ids.delete(keyOf(holder));
    this.aggregator.exit({ id, timeNs });
  }
}

const keyOf = ({ pid, startTicks }: Holder) => `${pid}.${startTicks}`;

const RATES = { openPerSec: null, closePerSec: null, failPerSec: null } as const;
const RECYCLED = { recycled: null, recycledPerSec: null } as const;
const COUNTS = { opened: null, closed: null, failed: null } as const;

/** Fields that only events fill: without events they are unknown and not 0. */
export const UNSEEN = {
  flows: { ...RATES, ...COUNTS, preexisting: null, closedFirst: null, bytesSent: null, bytesReceived: null },
  totals: { ...RATES, ...COUNTS, ...RECYCLED },
  budgets: { openPerSec: null, demandPerSec: null, sustainablePerSec: null, ...RECYCLED },
} as const;

/** A table whose rows do not know these fields. */
export function withoutEvents<T extends TableTopic>(
  source: TableSource<T>,
  unseen: Partial<RowOf<T>>,
): TableSource<T> {
  return {
    collect(now) {
      const { set, del } = source.collect(now);
      return { set: set.map((row) => ({ ...row, ...unseen })), del };
    },
  };
}
