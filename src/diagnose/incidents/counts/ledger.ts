/**
 * Which failed calls are new: what each row has grown by since it was asked last, whichever incident it was for. In: the failure rows of
 * each second. Out: counts, and where rows of ended processes went. A row whose process was rolled up grows by what was counted before:
 * that is not new.
 */
import { NOWHERE } from '../../../protocol/names.js';
import type { FailureRow, TotalsRow } from '../../../protocol/rows.js';
import { groupBy } from '../../groups.js';
import { WINDOW_MS } from './window.js';

interface Entry {
  readonly row: FailureRow;
  readonly count: number;
  readonly unanswered: number;
  /** When it was asked for last. */
  readonly turn: number;
}

/** Rows that may have taken in one that has gone, looked at for each. */
const MOST_COMPARED = 64;

export class Ledger {
  private readonly entries = new Map<string, Entry>();
  /** By key of the namespace's row. */
  private readonly overflows = new Map<string, number>();
  private turn = 0;
  private time: number | null = null;
  /** What was first seen after this is new as a whole, Unix ms. */
  private newFrom = 0;
  /** By keys that have gone in this second: the rows that count for them now. */
  moved: ReadonlyMap<string, FailureRow> = new Map();

  /** @param time since when failures are counted, Unix ms; null: not known */
  constructor(time: number | null = null) {
    this.time = time;
  }

  /** A second begins. */
  step(failures: readonly FailureRow[], time: number): void {
    this.turn += 1;
    this.newFrom = Math.min(this.time ?? time, time - WINDOW_MS);
    this.time = time;
    const gone = this.takeGone(failures);
    this.moved = gone.length === 0 ? new Map() : this.follow(gone, failures);
  }

  /**
   * What is new of a row, once a second. Of one that was not asked for a second ago no more than what happened lately.
   * @param meant the same row, as far as its calls are meant
   */
  take(row: FailureRow, meant = row): number {
    const before = this.entries.get(row.key) ?? { count: 0, unanswered: 0, turn: 0 };
    const { count, unanswered } = row;
    const grown = meant === row ? count - before.count : unanswered - before.unanswered;
    this.entries.set(row.key, { row, count, unanswered, turn: this.turn });
    const isFollowed = before.turn > 0 && before.turn >= this.turn - 1;
    return Math.max(0, isFollowed ? grown : Math.min(grown, this.lately(meant)));
  }

  /** Entries that the kernel has dropped since this was asked last. */
  takeOverflow({ key, timeWaitOverflow }: TotalsRow): number {
    const now = timeWaitOverflow ?? 0;
    const before = this.overflows.get(key) ?? now;
    this.overflows.set(key, now);
    return Math.max(0, now - before);
  }

  private lately({ firstSeen, lastSeen, perSec, count }: FailureRow): number {
    if ((firstSeen ?? 0) > this.newFrom) return count;
    if ((this.time ?? 0) - (lastSeen ?? 0) >= WINDOW_MS) return 0;
    return Math.round((perSec ?? 0) * (WINDOW_MS / 1000));
  }

  private takeGone(failures: readonly FailureRow[]): Entry[] {
    let found = 0;
    for (const { key } of failures) if (this.entries.has(key)) found += 1;
    if (found === this.entries.size) return [];
    const there = new Set(failures.map(({ key }) => key));
    const gone = [...this.entries.values()].filter(({ row }) => !there.has(row.key));
    for (const { row } of gone) this.entries.delete(row.key);
    return gone;
  }

  /** What a full table rolls up has no destination any more. */
  private follow(gone: readonly Entry[], failures: readonly FailureRow[]): Map<string, FailureRow> {
    const programs = failures.filter(({ process }) => process.pid === null);
    const byPlace = groupBy(programs, placeOf);
    const byProgram = groupBy(programs, placeAndProgramOf);
    const moved = new Map<string, FailureRow>();
    for (const entry of gone) {
      const own = byProgram.get(placeAndProgramOf(entry.row)) ?? [];
      const others = byPlace.get(placeOf(entry.row)) ?? [];
      const wide = byPlace.get(placeOf({ ...entry.row, destination: NOWHERE })) ?? [];
      const into = [own, others, wide].flatMap((rows) => this.roomOf(rows, entry) ?? [])[0];
      if (into === undefined) continue;
      this.join(into, entry);
      moved.set(entry.row.key, into);
    }
    return moved;
  }

  /** One of them that has grown by as much as was counted for it. */
  private roomOf(rows: readonly FailureRow[], { count }: Entry): FailureRow | undefined {
    return rows
      .slice(0, MOST_COMPARED)
      .find((row) => row.count - (this.entries.get(row.key)?.count ?? 0) >= count);
  }

  private join(row: FailureRow, { count, unanswered, turn }: Entry): void {
    const known = this.entries.get(row.key) ?? { count: 0, unanswered: 0, turn: 0 };
    this.entries.set(row.key, {
      row,
      count: known.count + count,
      unanswered: known.unanswered + unanswered,
      turn: Math.max(known.turn, turn),
    });
  }
}

function placeOf({ netnsId, direction, destination, call, errno, cause }: FailureRow): string {
  return `${netnsId} ${direction} ${destination.address} ${destination.port} ${call} ${errno} ${cause}`;
}

const placeAndProgramOf = (row: FailureRow) => `${placeOf(row)} ${row.program}`;
