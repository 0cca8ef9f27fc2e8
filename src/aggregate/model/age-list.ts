/**
 * Things in the order in which they were appended, the oldest first. A thing is in one list at most, and appending it moves
 * it. The links are in the things themselves, so every call costs the same however long the list is; a Map or a Set used for
 * this searches through the places of what was deleted.
 */
export interface Aged<T> {
  /** The list that it is in. */
  list: { remove(item: T): void } | null;
  older: T | null;
  newer: T | null;
}

export class AgeList<T extends Aged<T>> {
  oldest: T | null = null;
  size = 0;
  private newest: T | null = null;

  append(item: T): void {
    item.list?.remove(item);
    item.list = this;
    item.older = this.newest;
    if (this.newest === null) this.oldest = item;
    else this.newest.newer = item;
    this.newest = item;
    this.size += 1;
  }

  remove(item: T): void {
    if (item.list !== this) return;
    const { older, newer } = item;
    if (older === null) this.oldest = newer;
    else older.newer = newer;
    if (newer === null) this.newest = older;
    else newer.older = older;
    item.list = null;
    item.older = null;
    item.newer = null;
    this.size -= 1;
  }
}
