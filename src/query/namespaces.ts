/**
 * Network namespaces as filters speak of them: by name and by inode the living one is meant, though rows of a deleted one that
 * had the same inode are still there. In: rows of totals, which are of living namespaces. Out: names, and who was replaced.
 */
import type { TotalsRow } from '../protocol/rows.js';

/** What a filter asks, of a row's `netnsId`. */
export interface NetnsNames {
  /** Null: not known, or a living namespace has the name that this one had. */
  nameOf(netnsId: string): string | null;
  /** It is gone, and another namespace has its inode now. */
  isReplaced(netnsId: string): boolean;
}

export const NO_NAMES: NetnsNames = { nameOf: () => null, isReplaced: () => false };

/** Deleted ones that are remembered: rows stay for ten minutes after what they counted. */
const MOST_GONE = 16_384;

/** Both are the same in a row of totals. */
const idOf = ({ netnsId, key }: TotalsRow) => netnsId ?? key;

interface Known {
  readonly inode: number | null;
  /** The last that was told: a row may come without one. */
  name: string | null;
}

export class Namespaces implements NetnsNames {
  readonly #living = new Map<string, Known>();
  /** The oldest first. */
  readonly #gone = new Map<string, Known>();
  #names = new Set<string>();
  #inodes = new Set<number>();

  readonly nameOf = (netnsId: string): string | null => {
    const living = this.#living.get(netnsId);
    if (living !== undefined) return living.name;
    const name = this.#gone.get(netnsId)?.name ?? null;
    return name === null || this.#names.has(name) ? null : name;
  };

  readonly isReplaced = (netnsId: string): boolean => {
    const inode = this.#gone.get(netnsId)?.inode ?? null;
    return inode !== null && this.#inodes.has(inode);
  };

  /** Changed rows, and keys of those that went. Returns the ids of which something else is true now. */
  learn(set: Iterable<TotalsRow>, del: Iterable<string> = []): ReadonlySet<string> {
    const changed = new Set<string>();
    for (const id of del) if (this.#leave(id)) changed.add(id);
    for (const row of set) if (this.#take(row)) changed.add(idOf(row));
    if (changed.size === 0) return changed;
    this.#names = new Set([...this.#living.values()].flatMap(({ name }) => name ?? []));
    this.#inodes = new Set([...this.#living.values()].flatMap(({ inode }) => inode ?? []));
    // What a living one is told of may be no longer true of one that is gone.
    return new Set([...changed, ...this.#gone.keys()]);
  }

  /** The same from all rows that there are. */
  learnAll(rows: readonly TotalsRow[]): void {
    const ids = new Set(rows.map(idOf));
    this.learn(
      rows,
      [...this.#living.keys()].filter((id) => !ids.has(id)),
    );
  }

  #take(row: TotalsRow): boolean {
    const { netns, name } = row;
    const id = idOf(row);
    const known = this.#living.get(id);
    if (known !== undefined && (name === null || known.name === name)) return false;
    this.#living.set(id, { inode: netns, name: name ?? this.#gone.get(id)?.name ?? null });
    this.#gone.delete(id);
    return true;
  }

  #leave(id: string): boolean {
    const known = this.#living.get(id);
    if (known === undefined) return false;
    this.#living.delete(id);
    this.#gone.set(id, known);
    const [oldest] = this.#gone.keys();
    if (this.#gone.size > MOST_GONE && oldest !== undefined) this.#gone.delete(oldest);
    return true;
  }
}
