/**
 * Column sums that stay exact while rows are added, changed and removed, for `other` and for groups. In: rows. Out: sums by
 * column.
 */
import type { AnyRow, TableTopic } from '../protocol/frames.js';
import { fieldsOf } from './fields.js';

/** Rates are summed in whole millionths: floating-point sums would drift as rows are removed, and depend on their order. */
const MILLIONTHS = 1e6;

interface Column {
  readonly name: string;
  /** 1 for counts. */
  readonly scale: number;
}

const COLUMNS = new Map<TableTopic, readonly Column[]>();

function columnsOf(topic: TableTopic): readonly Column[] {
  const known = COLUMNS.get(topic) ?? [...summed(topic)];
  COLUMNS.set(topic, known);
  return known;
}

function* summed(topic: TableTopic): Generator<Column> {
  for (const { path, sums, whole } of fieldsOf(topic).values()) {
    if (sums) yield { name: path, scale: whole ? 1 : MILLIONTHS };
  }
}

/** Null adds nothing, and a sum over nulls only is null. */
export class Sums {
  readonly #columns: readonly Column[];
  readonly #totals: Float64Array;
  readonly #known: Int32Array;
  #rows = 0;

  constructor(topic: TableTopic) {
    this.#columns = columnsOf(topic);
    this.#totals = new Float64Array(this.#columns.length);
    this.#known = new Int32Array(this.#columns.length);
  }

  add(row: AnyRow): void {
    this.#take(row, 1);
  }

  remove(row: AnyRow): void {
    this.#take(row, -1);
  }

  get values(): Record<string, number | null> {
    const value = (i: number) => this.#totals[i]! / this.#columns[i]!.scale;
    const known = (i: number) => this.#known[i] !== 0 || this.#rows === 0;
    return Object.fromEntries(this.#columns.map(({ name }, i) => [name, known(i) ? value(i) : null]));
  }

  /** An independent copy. */
  copy(topic: TableTopic): Sums {
    const copy = new Sums(topic);
    copy.#totals.set(this.#totals);
    copy.#known.set(this.#known);
    copy.#rows = this.#rows;
    return copy;
  }

  #take(row: AnyRow, sign: 1 | -1): void {
    this.#rows += sign;
    for (let i = 0; i < this.#columns.length; i++) {
      const { name, scale } = this.#columns[i]!;
      const value = (row as unknown as Record<string, unknown>)[name];
      if (typeof value !== 'number') continue;
      this.#totals[i]! += sign * (scale === 1 ? value : Math.round(value * scale));
      this.#known[i]! += sign;
    }
  }
}
