/**
 * When the ports of one budget's TIME_WAIT entries come back, second by second from now: filled from the kernel's own timers
 * for the rows of one publish tick, then used again. Two views: until the timer ends, and until a new connection may take
 * the port over.
 */
export const RELEASE_SECONDS = 130;
/** Ports that come back are reported in steps of this many seconds. */
const STEP = 5;
/** The kernel's timer wheel ends a timer of 60 s up to two seconds late: on average one. */
export const TIMER_SLACK_MS = 1000;

export class Releases {
  /** Entries whose timer ends in each second. */
  readonly timers = new Uint32Array(RELEASE_SECONDS);
  /** Ports that connect() can have again in each second; earlier than the timers where tcp_tw_reuse applies. */
  readonly perSecond = new Uint32Array(RELEASE_SECONDS);
  /** Entries that hold a port now. */
  total = 0;

  clear(): void {
    this.timers.fill(0);
    this.perSecond.fill(0);
    this.total = 0;
  }

  /** @param leftMs until the timer ends; @param freeMs until the port can be had, 0 or less: already */
  add(leftMs: number, freeMs: number): void {
    increment(this.timers, leftMs);
    if (freeMs <= 0) return;
    increment(this.perSecond, freeMs);
    this.total += 1;
  }
}

/** [in seconds, ports] for every step in which ports come back. */
export function releaseSteps({ timers }: Releases): [number, number][] {
  const steps: [number, number][] = [];
  for (let from = 0; from < RELEASE_SECONDS; from += STEP) {
    let ports = 0;
    for (let second = from; second < from + STEP; second++) ports += timers[second] as number;
    if (ports > 0) steps.push([from + STEP, ports]);
  }
  return steps;
}

function increment(seconds: Uint32Array, ms: number): void {
  const second = Math.min(RELEASE_SECONDS - 1, Math.max(0, Math.floor(ms / 1000)));
  seconds[second] = (seconds[second] as number) + 1;
}
