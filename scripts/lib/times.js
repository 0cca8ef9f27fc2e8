/**
 * How long the tests took, and whether that is more than they may. In: seconds of tiers, vitest's reports. Out: a table, a
 * file that keeps it, and a failure when a budget was exceeded on a machine that was idle otherwise.
 *
 * Idle means: the pressure of the processors (/proc/pressure/cpu, `some avg60`) was below 5 before the run, and while it ran
 * less than a twentieth of the processor time went to processes that are not its own. After the run the pressure says
 * nothing: it is the run's own.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { failure } from './count.js';
import { ROOT } from './run.js';
import { readReport, TIERS } from './tiers.js';

/**
 * @typedef {{ tier: string, seconds: number }} TierTime
 * @typedef {{ file: string, seconds: number }} FileTime
 */

/**
 * Seconds of the tiers of `npm test` together, on an idle machine with two cores; set-up is not counted. It took 696 when it was
 * last measured; the room is for a slower machine.
 */
export const TOTAL_BUDGET = 880;
const IDLE_PRESSURE = 5;
const OTHERS_SHARE = 0.05;
const SLOWEST_SHOWN = 10;
/** USER_HZ, proc(5). */
const TICKS_PER_SECOND = 100;
const FILE = join(ROOT, 'out/test-times.json');

/** @param {string} text of /proc/pressure/cpu @returns {number | null} percent; null: this kernel does not measure it */
export function pressureOf(text) {
  const found = /^some avg10=\S+ avg60=(\d+\.\d+)/m.exec(text);
  return found === null ? null : Number(found[1]);
}

/** @param {string} path */
function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** @param {string} text of /proc/stat @returns {number} seconds that all processors were busy */
export function busySeconds(text) {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] =
    /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').map(Number) ?? [];
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

/** @param {string} text of /proc/self/stat @returns {number} seconds of this process and of the children it has waited for */
export function ownSeconds(text) {
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11, 15);
  return (user + system + childrenUser + childrenSystem) / TICKS_PER_SECOND;
}

/** Watches the machine from now on. */
export class Machine {
  #began = performance.now();
  #busy = busySeconds(textOf('/proc/stat'));
  #own = ownSeconds(textOf('/proc/self/stat'));
  #pressure = pressureOf(textOf('/proc/pressure/cpu'));

  /** Since it was made: nobody else used the processors to speak of. */
  get wasIdle() {
    const seconds = ((performance.now() - this.#began) / 1000) * availableParallelism();
    const busy = busySeconds(textOf('/proc/stat')) - this.#busy;
    const own = ownSeconds(textOf('/proc/self/stat')) - this.#own;
    return (this.#pressure ?? 0) < IDLE_PRESSURE && (busy - own) / seconds < OTHERS_SHARE;
  }
}

/** @param {string[]} tiers @returns {FileTime[]} the slowest first */
export function fileTimes(tiers) {
  const files = tiers.flatMap((tier) => readReport(tier)?.testResults ?? []);
  const times = files.map(({ name, startTime = 0, endTime = 0 }) => ({
    file: relative(ROOT, name),
    seconds: (endTime - startTime) / 1000,
  }));
  return times.sort((a, b) => b.seconds - a.seconds);
}

/**
 * @param {readonly TierTime[]} times
 * @param {number} usualSeconds that the tiers of `npm test` took, some of them at once
 * @returns {string[]} what took longer than it may, a line each
 */
export function exceeded(times, usualSeconds) {
  const budgets = new Map(TIERS.map(({ name, budget }) => [name, budget]));
  const late = times.flatMap(({ tier, seconds }) => {
    const budget = budgets.get(tier) ?? Number.POSITIVE_INFINITY;
    return seconds > budget ? [`${tier} took ${Math.round(seconds)} s, its budget is ${budget} s`] : [];
  });
  if (usualSeconds > TOTAL_BUDGET)
    late.push(`npm test took ${Math.round(usualSeconds)} s, its budget is ${TOTAL_BUDGET} s`);
  return late;
}

/** @param {number} seconds */
const cell = (seconds) => `${seconds.toFixed(1).padStart(8)} s`;

/**
 * Prints and keeps the times. On an idle machine each exceeded budget is a failure, on another one a remark.
 * @param {readonly TierTime[]} times
 * @param {number} usualSeconds as in `exceeded`
 * @param {Machine} machine
 * @returns {import('./count.js').Count}
 */
export function concludeTimes(times, usualSeconds, machine) {
  const files = fileTimes(times.map(({ tier }) => tier));
  mkdirSync(join(ROOT, 'out'), { recursive: true });
  writeFileSync(FILE, `${JSON.stringify({ tiers: times, usualSeconds, files }, null, 2)}\n`);
  for (const { tier, seconds } of times) console.log(`${cell(seconds)}  ${tier}`);
  console.log(`${cell(usualSeconds)}  of npm test`);
  for (const { file, seconds } of files.slice(0, SLOWEST_SHOWN)) console.log(`${cell(seconds)}    ${file}`);
  const late = exceeded(times, usualSeconds);
  if (machine.wasIdle) return failure(...late);
  for (const line of late) console.log(`slow: ${line}; not counted, since the machine was not idle`);
  return failure();
}
