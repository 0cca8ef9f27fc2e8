/**
 * The kernel's clocks as Unix time. In: nanoseconds of CLOCK_MONOTONIC (bpf_ktime_get_ns) and ticks of CLOCK_BOOTTIME
 * (a process's start). Out: Unix milliseconds.
 *
 * Between two steps of the wall clock the difference of two clocks is a constant: slewing moves all of them. Each sample
 * bounds that constant; the estimate is held while the bounds allow it, so converted times do not jitter, and is
 * replaced when they contradict it: somebody set the clock, or the machine slept.
 */
import { readText } from './read.js';

/** Length of a tick of /proc/PID/stat: USER_HZ is 100 on every architecture we build for. */
const TICK_MS = 10;
/** A smaller correction is only the estimate settling. */
const STEP_MS = 1;

export interface ClockSources {
  /** CLOCK_MONOTONIC, ns. */
  monotonicNs(): bigint;
  /** CLOCK_REALTIME, whole ms, rounded down. */
  unixMs(): number;
  /** CLOCK_BOOTTIME as /proc/uptime writes it: seconds with two decimals, rounded down; null when unreadable. */
  uptime(): string | null;
}

const SYSTEM: ClockSources = {
  monotonicNs: () => process.hrtime.bigint(),
  unixMs: () => Date.now(),
  uptime: () => readText('/proc/uptime'),
};

/** One constant, known by bounds. */
class Offset {
  private low = Number.NEGATIVE_INFINITY;
  private high = Number.POSITIVE_INFINITY;
  constructor(public value: number) {}

  /** True when the bounds contradict all earlier ones: the constant has changed. */
  narrow(low: number, high: number): boolean {
    const before = this.value;
    this.low = Math.max(this.low, low);
    this.high = Math.min(this.high, high);
    const stepped = this.low > this.high;
    if (stepped) {
      this.low = low;
      this.high = high;
      this.value = (low + high) / 2;
    }
    this.value = Math.min(Math.max(this.value, this.low), this.high);
    return stepped && Math.abs(this.value - before) > STEP_MS;
  }
}

export class BootClock {
  /** Unix ms at CLOCK_MONOTONIC 0. */
  private readonly unix = new Offset(0);
  /** CLOCK_BOOTTIME minus CLOCK_MONOTONIC, ms: the time this machine slept; exactly 0 on most servers. */
  private readonly slept = new Offset(0);

  constructor(private readonly sources: ClockSources = SYSTEM) {
    this.sample();
  }

  /** Compares the clocks again. True when the wall clock was set or the machine slept since the last sample. */
  sample(): boolean {
    const stepped = this.sampleUnix();
    return this.sampleSlept() || stepped;
  }

  /** Unix ms at CLOCK_MONOTONIC 0, for the hot path: add milliseconds of an event's time to it. */
  get unixMsAtZero(): number {
    return this.unix.value;
  }

  /** Unix ms, with fractions, of a CLOCK_MONOTONIC time in ns. */
  unixMs(monotonicNs: bigint): number {
    return this.unix.value + Number(monotonicNs) / 1e6;
  }

  /** Unix ms, whole, of a start in ticks after boot: the same for one process whichever source gave its start. */
  startTimeMs(startTicks: number): number {
    return Math.round(startTicks * TICK_MS - this.slept.value + this.unix.value);
  }

  private sampleUnix(): boolean {
    const before = this.monotonicMs();
    const unix = this.sources.unixMs();
    return this.unix.narrow(unix - this.monotonicMs(), unix + 1 - before);
  }

  private sampleSlept(): boolean {
    const before = this.monotonicMs();
    const boot = Number.parseFloat(this.sources.uptime() ?? '') * 1000;
    if (Number.isNaN(boot)) return false;
    return this.slept.narrow(boot - this.monotonicMs(), boot + TICK_MS - before);
  }

  private monotonicMs(): number {
    return Number(this.sources.monotonicNs()) / 1e6;
  }
}

/** The clock of this process's machine. */
export const bootClock = new BootClock();
