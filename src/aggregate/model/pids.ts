/**
 * The pids of the processes whose rows went into one. In: processes, and lists of others. Out: the latest of them, and how many more
 * there were. Bounded.
 */
import { MOST_LISTED_PIDS } from '../../protocol/names.js';
import type { Pids } from '../../protocol/rows.js';

export class RolledPids {
  /** The latest last. */
  private listed: number[] = [];
  private more: number | null = 0;
  private shown: Pids | null = null;

  add(pid: number): void {
    /* The rows of one process come one after the other, however many go into one. */
    if (this.listed.includes(pid)) return;
    this.listed.push(pid);
    this.bound();
  }

  /** @param disjoint no process is in both */
  merge(other: RolledPids, disjoint: boolean): void {
    const isExact = disjoint || (this.more === 0 && other.more === 0);
    const more = isExact && this.more !== null && other.more !== null ? this.more + other.more : null;
    this.listed = [...new Set([...other.listed, ...this.listed])];
    this.more = more;
    this.bound();
  }

  /** The same object until something changes. */
  get row(): Pids {
    this.shown ??= { listed: [...this.listed], more: this.more };
    return this.shown;
  }

  private bound(): void {
    this.shown = null;
    const over = Math.max(0, this.listed.length - MOST_LISTED_PIDS);
    this.listed.splice(0, over);
    if (this.more !== null) this.more += over;
  }
}
