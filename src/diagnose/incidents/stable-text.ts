/** A sentence that stays put under the eye: made anew when it says something else, or a number in it moved. Keeps what was said last. */

/** A number that moved less says the same. */
const MOVED = 0.2;
/** And no sooner than this after the last time, ms. */
const STAYS_MS = 10_000;

export class StableText {
  private said: Said | null = null;

  /**
   * @param what it says: another one replaces the text at once
   * @param numbers those that people watch
   * @param who is named first: another one is news as a number is that has moved
   */
  next(what: string, numbers: readonly number[], text: string, time: number, who = ''): string {
    const { said } = this;
    const isSame = said !== null && said.what === what && time >= said.time;
    const isNews = said?.who !== who || moved(said.numbers, numbers);
    if (isSame && (time - said.time < STAYS_MS || !isNews)) return said.text;
    this.said = { what, numbers, who, text, time };
    return text;
  }
}

interface Said {
  readonly what: string;
  readonly numbers: readonly number[];
  readonly who: string;
  readonly text: string;
  readonly time: number;
}

const moved = (before: readonly number[], now: readonly number[]) =>
  before.length !== now.length || now.some((number, i) => hasMoved(before[i] as number, number));

const hasMoved = (before: number, now: number) => Math.abs(now - before) > MOVED * Math.abs(before);
