/**
 * A row's last minute as a small line: one value a second, kept for rows that are there. In: values, moments. Out: samples, the path of a
 * line. Pure but for its own memory, which is bounded.
 */
import { tenths } from '../protocol/format.js';
export const SPARK_SECONDS = 60;

/** Null: nobody looked in that second. */
export type Samples = readonly (number | null)[];

const NONE: Samples = [];

/** The last minute of many rows. */
export class Sparks {
  private samples = new Map<string, (number | null)[]>();
  private second: number | null = null;

  /** @param time Unix ms; a second that was looked at already changes nothing. @returns whether there is something new */
  look(values: Iterable<readonly [key: string, value: number | null]>, time: number): boolean {
    const second = Math.floor(time / 1000);
    const gap = this.second === null ? 1 : second - this.second;
    if (gap === 0) return false;
    this.second = second;
    const before = gap < 0 ? new Map<string, (number | null)[]>() : this.samples;
    const missed = Array<null>(Math.max(0, Math.min(gap - 1, SPARK_SECONDS))).fill(null);
    this.samples = new Map();
    for (const [key, value] of values)
      this.samples.set(key, [...(before.get(key) ?? []), ...missed, value].slice(-SPARK_SECONDS));
    return true;
  }

  of(key: string): Samples {
    return this.samples.get(key) ?? NONE;
  }
}

/** What it has grown by; null: not known. */
export function growth(samples: Samples): number | null {
  const known = samples.filter((value) => value !== null);
  const [first, last] = [known[0], known.at(-1)];
  return first === undefined || last === undefined ? null : last - first;
}

/**
 * The newest value at the right edge, zero at the bottom, `full` or the largest value at the top; a gap where nobody looked. Empty when
 * there is nothing to draw.
 */
export function sparkPath(samples: Samples, width: number, height: number, full = 0): string {
  const top = samples.reduce<number>((most, value) => Math.max(most, value ?? 0), full);
  const first = SPARK_SECONDS - samples.length;
  const x = (at: number) => tenths(((first + at) / (SPARK_SECONDS - 1)) * width);
  const y = (value: number) => tenths(height - (top === 0 ? 0 : (value / top) * height));
  return samples
    .map((value, at) => {
      if (value === null) return '';
      const isStart = samples[at - 1] == null;
      const dot = isStart && samples[at + 1] == null ? 'h0.1' : '';
      return `${isStart ? 'M' : 'L'}${x(at)} ${y(value)}${dot}`;
    })
    .join('');
}
