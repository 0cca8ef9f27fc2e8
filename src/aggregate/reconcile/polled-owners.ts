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

/** Ids kept beyond the processes that are known, before those of forgotten ones are given up. */
const SPARE_IDS = 1000;

/**
 * Gives processes that no kernel program announced the ids that the tables ask for. Bounded by the table of processes: what that has
 * forgotten gets a new id when it holds a socket again.
 */
export class PolledOwners {
  private readonly ids = new Map<string, number>();
  private next = 1;

  constructor(private readonly aggregator: Aggregator) {}

  of(holder: Holder): Owner {
    const { processes } = this.aggregator;
    const id = this.ids.get(keyOf(holder)) ?? this.add(holder);
    const process = processes.of(id, holder.pid);
    process.startTicks ??= holder.startTicks;
    return process.accountable;
  }

  get size(): number {
    return this.ids.size;
  }

  private add(holder: Holder): number {
    const { processes } = this.aggregator;
    if (this.ids.size >= 2 * processes.size + SPARE_IDS)
      for (const [key, id] of this.ids) if (processes.find(id)?.exitedAt !== null) this.ids.delete(key);
    this.ids.set(keyOf(holder), this.next);
    return this.next++;
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
  flows: {
    ...{ ...RATES, ...COUNTS, preexisting: null, closedFirst: null, slowConnects: null },
    ...{ bytesSent: null, bytesReceived: null },
  },
  totals: { ...RATES, ...COUNTS, ...RECYCLED },
  budgets: { bound: null, openPerSec: null, demandPerSec: null, sustainablePerSec: null, ...RECYCLED },
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
