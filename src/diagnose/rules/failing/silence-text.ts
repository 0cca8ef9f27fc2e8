/** That a place does not answer, in the words that findings and incidents share. In: numbers. Out: text without its end. Pure. */
import { rate, seconds } from '../../words.js';

interface Silence {
  /** As `where()` writes it. */
  readonly at: string;
  /** Attempts in vain. */
  readonly perSec: number;
  /** Connections that are opened to it meanwhile. */
  readonly answeredPerSec: number;
  readonly waitedMs: number | null;
  readonly by: string;
}

export function silenceText({ at, perSec, answeredPerSec, waitedMs, by }: Silence): string {
  const end = waitedMs === null ? `by ${by}` : `given up after ${waitText(waitedMs)}, by ${by}`;
  return answeredPerSec === 0
    ? `${at} does not answer: ${rate(perSec)} attempts/s, ${end}`
    : `${at} does not always answer: ${rate(perSec)} of ${rate(perSec + answeredPerSec)} attempts/s, ${end}`;
}

/** `0.5 s`, `1 s`, `2 min 7 s` */
export function waitText(ms: number): string {
  return ms < 9950 ? `${Number((ms / 1000).toFixed(1))} s` : seconds(ms / 1000);
}
