/**
 * Fifteen minutes of one budget, or of the totals, at one second. In: gauges and cumulative counters. Out: columns. A
 * ring of typed arrays: each slot says which second it holds, so nothing needs clearing and a gap is seen as one.
 * Bounded: BYTES_PER_SERIES, and BYTES_PER_ERRNO for each of at most MAX_ERRNOS errnos and their `other`, once it
 * occurs; and what owners.ts says.
 */
import { tenths } from '../../protocol/format.js';
import type { Column } from '../../protocol/history.js';
import { HISTORY_SECONDS } from '../../protocol/names.js';
import { type Holdings, type OwnerCells, Owners } from './owners.js';

const GAUGES = ['limit', 'timeWait', 'established', 'other', 'blocked'] as const;
export const COLUMNS = [...GAUGES, 'opensPerSec'] as const;
export type ColumnName = (typeof COLUMNS)[number];

/** Errnos with columns of their own; further ones are summed. */
export const MAX_ERRNOS = 8;
const REST = 'other';
/** No second: the clock's seconds may be counted back beyond 0. */
const NEVER = -(2 ** 31);

export const BYTES_PER_ERRNO = HISTORY_SECONDS * Float32Array.BYTES_PER_ELEMENT;
export const BYTES_PER_SERIES = (COLUMNS.length + 1) * HISTORY_SECONDS * Float32Array.BYTES_PER_ELEMENT;

/** What is so now. Counters only ever grow, but for a budget that went and came back. */
export interface Sample {
  limit: number | null;
  blocked: number | null;
  timeWait: number | null;
  established: number | null;
  other: number | null;
  /** Opens since the beginning. */
  opened: number;
  /** Failures since the beginning, by errno name. */
  failed?: ReadonlyMap<string, number>;
  /** Asked only of what is recorded: there may be many more budgets. */
  owners?: () => Holdings;
}

export interface OwnerColumn extends Pick<OwnerCells, 'program' | 'about'> {
  readonly held: Column;
}

/** The seconds that one sample stands for, and the time that its counters' growth took. */
export interface Interval {
  first: number;
  last: number;
  seconds: number;
}

export class Series {
  /** Ports held when last recorded. */
  held = 0;
  /** The second in which it last opened or failed. */
  lastActive = 0;
  lastRecorded = NEVER;
  /** Which second each slot holds. */
  private readonly seconds = new Int32Array(HISTORY_SECONDS).fill(NEVER);
  private readonly cells = new Float32Array(COLUMNS.length * HISTORY_SECONDS);
  private readonly failures = new Map<string, Float32Array>();
  private readonly owners = new Owners();
  private failed = new Map<string, number>();
  private opened = 0;

  /** @param fromBirth counters began at 0 with this series; otherwise the first sample only says where they are */
  constructor(
    public key: string,
    private fromBirth: boolean,
  ) {}

  /** Serves another budget from now on. */
  reuse(key: string): void {
    this.key = key;
    this.fromBirth = false;
    this.lastRecorded = NEVER;
    this.seconds.fill(NEVER);
    this.failures.clear();
    this.failed.clear();
    this.owners.clear();
  }

  write(sample: Sample, interval: Interval): void {
    const failed = this.sumErrnos(sample.failed);
    const isKnown = this.lastRecorded !== NEVER || this.fromBirth;
    const holdings = sample.owners?.();
    const opens = isKnown ? growth(sample.opened, this.opened) : Number.NaN;
    for (let second = interval.first; second <= interval.last; second++) {
      this.writeSecond(second, sample, opens / interval.seconds);
      this.writeFailures(second, failed, isKnown ? interval.seconds : Number.NaN);
      this.owners.write(second, holdings);
    }
    if (opens > 0 || this.hasFailed(failed)) this.lastActive = interval.last;
    this.held = heldBy(sample);
    this.lastRecorded = interval.last;
    this.opened = sample.opened;
    this.failed = failed;
  }

  /** @param from first second; @param count how many from there */
  column(name: ColumnName, from: number, count: number): Column {
    return this.read(this.cells, COLUMNS.indexOf(name) * HISTORY_SECONDS, from, count);
  }

  /** Those that failed at least once in this time. */
  failureColumns(from: number, count: number): Record<string, Column> {
    const columns = [...this.failures].map(
      ([errno, cells]) => [errno, this.read(cells, 0, from, count)] as const,
    );
    return Object.fromEntries(
      columns.filter(([, column]) => column.some((value) => value !== null && value > 0)),
    );
  }

  /** Those that held a port in this time. */
  ownerColumns(from: number, count: number): OwnerColumn[] {
    const columns = this.owners
      .all()
      .map(({ program, about, cells }) => ({ program, about, held: this.read(cells, 0, from, count) }));
    return columns.filter(({ held }) => held.some((ports) => ports !== null && ports > 0));
  }

  private writeSecond(second: number, sample: Sample, opensPerSec: number): void {
    const slot = second % HISTORY_SECONDS;
    this.seconds[slot] = second;
    GAUGES.forEach((name, column) => {
      this.cells[column * HISTORY_SECONDS + slot] = sample[name] ?? Number.NaN;
    });
    this.cells[GAUGES.length * HISTORY_SECONDS + slot] = opensPerSec;
  }

  private writeFailures(second: number, failed: ReadonlyMap<string, number>, seconds: number): void {
    for (const [errno, cells] of this.failures) {
      const count = growth(failed.get(errno) ?? 0, this.failed.get(errno) ?? 0);
      cells[second % HISTORY_SECONDS] = count / seconds;
    }
  }

  private hasFailed(failed: ReadonlyMap<string, number>): boolean {
    for (const [errno, count] of failed) if (count !== this.failed.get(errno)) return true;
    return false;
  }

  /** Cumulative failures by column: an errno's own, while there are not too many, else the rest's. */
  private sumErrnos(failed: ReadonlyMap<string, number> = new Map()): Map<string, number> {
    const kept = new Map<string, number>();
    for (const [errno, count] of failed) {
      const name = this.failures.has(errno) || this.failures.size < MAX_ERRNOS ? errno : REST;
      if (!this.failures.has(name)) this.failures.set(name, new Float32Array(HISTORY_SECONDS));
      kept.set(name, (kept.get(name) ?? 0) + count);
    }
    return kept;
  }

  private read(cells: Float32Array | Uint16Array, offset: number, from: number, count: number): Column {
    const column: Column = [];
    for (let second = from; second < from + count; second++) {
      const slot = ((second % HISTORY_SECONDS) + HISTORY_SECONDS) % HISTORY_SECONDS;
      const value = cells[offset + slot] as number;
      const isThere = this.seconds[slot] === second && !Number.isNaN(value);
      column.push(isThere ? tenths(value) : null);
    }
    return column;
  }
}

/** Ports held, as far as known. */
export function heldBy({ timeWait, established, other }: Sample): number {
  return (timeWait ?? 0) + (established ?? 0) + (other ?? 0);
}

/** A counter that fell has begun anew. */
function growth(now: number, before: number): number {
  return now < before ? now : now - before;
}
