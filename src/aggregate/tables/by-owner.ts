/** The rows of a table by their owner. In: rows as they are admitted and removed. Out: what one owner has. */
import type { Owner } from '../model/owner.js';

export class ByOwner<Key, Row> {
  private readonly owners = new Map<Owner, Map<Key, Row>>();

  get(owner: Owner, key: Key): Row | undefined {
    return this.owners.get(owner)?.get(key);
  }

  /** In the order of their admission. */
  rowsOf(owner: Owner): Iterable<Row> {
    return this.owners.get(owner)?.values() ?? [];
  }

  add(owner: Owner, key: Key, row: Row): void {
    const rows = this.owners.get(owner);
    if (rows === undefined) this.owners.set(owner, new Map([[key, row]]));
    else rows.set(key, row);
    owner.rows += 1;
  }

  remove(owner: Owner, key: Key): void {
    const rows = this.owners.get(owner);
    if (rows === undefined || !rows.delete(key)) return;
    owner.rows -= 1;
    if (rows.size === 0) this.owners.delete(owner);
  }
}
