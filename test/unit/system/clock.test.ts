import { describe, expect, it } from 'vitest';
import { BootClock, type ClockSources } from '../../../src/system/clock.js';
import { ticksOf } from '../../../src/system/parse/ticks.js';

/** A machine whose clocks we set: as precise as the real ones, and read as coarsely. */
class Machine implements ClockSources {
  /** ms */
  monotonic = 5_000_000;
  realMinusMonotonic = 1_700_000_000_000.4;
  slept = 0;
  monotonicNs = () => BigInt(Math.round(this.monotonic * 1e6));
  unixMs = () => Math.floor(this.monotonic + this.realMinusMonotonic);
  uptime = () => `${(Math.floor((this.monotonic + this.slept) / 10) / 100).toFixed(2)} 123.45\n`;

  /** Lets time pass, by steps that meet all phases of a tick, and samples. True when a sample said that a clock was set. */
  run(clock: BootClock, samples: number): boolean {
    let stepped = false;
    for (let i = 0; i < samples; i++) {
      this.monotonic += 1003.7;
      stepped = clock.sample() || stepped;
    }
    return stepped;
  }
}

describe('the boot clock', () => {
  it('knows the wall clock within a millisecond from the first sample, and better with more', () => {
    const machine = new Machine();
    const clock = new BootClock(machine);
    const error = () =>
      Math.abs(clock.unixMs(machine.monotonicNs()) - machine.monotonic - machine.realMinusMonotonic);
    expect(error()).toBeLessThanOrEqual(1);
    expect(machine.run(clock, 100)).toBe(false);
    expect(error()).toBeLessThan(0.1);
  });

  it('holds still once it is sure: what was converted converts to the same again', () => {
    const machine = new Machine();
    const clock = new BootClock(machine);
    machine.run(clock, 100);
    const before = clock.unixMsAtZero;
    machine.run(clock, 1000);
    expect(Math.abs(clock.unixMsAtZero - before)).toBeLessThan(0.1);
  });

  it.each([60_000, -60_000, 3])('follows the wall clock when it is set by %d ms', (step) => {
    const machine = new Machine();
    const clock = new BootClock(machine);
    machine.run(clock, 50);
    const before = clock.unixMs(1_000_000_000n);
    machine.realMinusMonotonic += step;
    expect(machine.run(clock, 1)).toBe(true);
    expect(clock.unixMs(1_000_000_000n) - before).toBeCloseTo(step, -1);
    expect(machine.run(clock, 50)).toBe(false);
  });

  it('gives a process that started at boot the time of boot', () => {
    const machine = new Machine();
    const clock = new BootClock(machine);
    machine.run(clock, 100);
    expect(clock.startTimeMs(0)).toBe(1_700_000_000_000);
    expect(clock.startTimeMs(100)).toBe(1_700_000_001_000);
  });

  it('counts the time that the machine slept', () => {
    const machine = new Machine();
    const clock = new BootClock(machine);
    machine.run(clock, 10);
    machine.slept = 3_600_000;
    machine.realMinusMonotonic += 3_600_000;
    expect(machine.run(clock, 1)).toBe(true);
    machine.run(clock, 100);
    expect(Math.abs(clock.startTimeMs(0) - 1_700_000_000_000)).toBeLessThanOrEqual(1);
  });

  it('does without /proc/uptime', () => {
    const machine = new Machine();
    const clock = new BootClock({
      monotonicNs: machine.monotonicNs,
      unixMs: machine.unixMs,
      uptime: () => null,
    });
    expect(Math.abs(clock.startTimeMs(0) - 1_700_000_000_000)).toBeLessThanOrEqual(1);
  });
});

it('counts ticks as /proc does: whole hundredths of a second', () => {
  expect(ticksOf(0n)).toBe(0);
  expect(ticksOf(19_999_999n)).toBe(1);
  expect(ticksOf(123_456_789_000n)).toBe(12_345);
});
