/** The processes of a group. In: its rows, each of a process or of several. Out: pids, those that live first, or null: none is known. */
import { MOST_LISTED_PIDS } from '../protocol/names.js';
import type { FlowRow, Pids } from '../protocol/rows.js';

type Member = Pick<FlowRow, 'pids' | 'process'>;

export class PidUnion {
  readonly #living = new Set<number>();
  readonly #ended = new Set<number>();
  /** Beyond those that are listed, as long as one row alone has such: two rows may mean the same ones. */
  #more: number | null = 0;

  add({ pids, process }: Member): void {
    const [more, other] = [this.#more, pids?.more ?? null];
    if (pids !== null) {
      for (const pid of pids.listed) this.#ended.add(pid);
      this.#more = more === null || other === null || (more > 0 && other > 0) ? null : more + other;
    } else if (process.pid === null) this.#more = null;
    else (process.exited === true ? this.#ended : this.#living).add(process.pid);
  }

  /** Null: no pid is known, or there is one process, which the row names. */
  get value(): Pids | null {
    const all = [...this.#inOrder()];
    if (all.length === 0 || (all.length === 1 && this.#more === 0)) return null;
    const over = Math.max(0, all.length - MOST_LISTED_PIDS);
    return { listed: all.slice(0, MOST_LISTED_PIDS), more: this.#more === null ? null : this.#more + over };
  }

  *#inOrder(): Iterable<number> {
    const ascending = (pids: Iterable<number>) => [...pids].sort((a, b) => a - b);
    yield* ascending(this.#living);
    for (const pid of ascending(this.#ended)) if (!this.#living.has(pid)) yield pid;
  }
}

export function pidsOf(rows: readonly Member[]): Pids | null {
  const union = new PidUnion();
  for (const row of rows) union.add(row);
  return union.value;
}
