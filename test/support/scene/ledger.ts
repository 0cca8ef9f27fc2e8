/** Figures of rows beside the truth. In: pairs of numbers. Out: those that differ, in words. */

/** What a row says of itself. */
interface Bounded {
  lowerBound: boolean;
}

export class Ledger {
  readonly wrong: string[] = [];

  /** @param missed closes that the kernel has hidden so far: a row that says it is a lower bound may lack as many */
  constructor(private readonly missed: number) {}

  same(what: string, shown: unknown, truth: unknown): void {
    if (shown !== truth) this.wrong.push(`${what} is ${shown}, in truth ${truth}`);
  }

  /** A count that hidden events may be missing from. */
  counted(what: string, shown: number | null, truth: number, { lowerBound }: Bounded): void {
    const isShort = lowerBound && shown !== null && shown < truth && shown + this.missed >= truth;
    if (!isShort) this.same(what, shown, truth);
  }
}

export function sum<T>(items: Iterable<T>, value: (item: T) => number | null | undefined): number {
  let total = 0;
  for (const item of items) total += value(item) ?? 0;
  return total;
}

export function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
