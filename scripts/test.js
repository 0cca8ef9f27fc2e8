/**
 * `npm test [-- TIER...]`: set-up, then lint and the test tiers, or only those named; `npm run test:all`: all tiers but those apart;
 * `--due`: besides the usual ones those of test:all that have not passed on these sources (lib/passed.js). The end names each failure once more; the last line is `N passed, N failed`, the sum of all; lint counts one per tool and folder.
 * `--load` with `faults`: that tier beside twenty loops that only compute. `--arm64`: the tier `arm64` in place of all that are named. Exit 0 only when nothing failed and something passed. The unit tier needs no build.
 */
import { conclude, failure, sumOf } from './lib/count.js';
import { testArm64 } from './lib/kernels/arm64.js';
import { runMatrix } from './lib/kernels/matrix.js';
import { lint } from './lib/lint.js';
import { ensurePackages, PACKAGES } from './lib/packages.js';
import { dueTiers, keepPassed } from './lib/passed.js';
import { Repeats } from './lib/repeat.js';
import { main, Stop, say } from './lib/run.js';
import { BUILD, DEPENDENCIES, ensure, PREREQUISITES } from './lib/steps.js';
import { loadMachine, phasesOf, runTier, TIERS } from './lib/tiers.js';
import { concludeTimes, Machine } from './lib/times.js';

const NAMES = TIERS.map(({ name }) => name);
const EVERYTHING = TIERS.filter(({ apart }) => !apart).map(({ name }) => name);
const USUAL = TIERS.filter(({ inAll, apart }) => !inAll && !apart).map(({ name }) => name);

const FLAGS = ['--all', '--due', '--load', '--arm64'];

/** @param {string[]} chosen @returns what only these tiers need */
const ofTiers = (chosen) => [
  ...(chosen.includes('fixes') ? PACKAGES.fixes : []),
  ...(chosen.includes('image') ? [...PACKAGES.packages, ...PACKAGES.image, ...PACKAGES.containers] : []),
  ...(chosen.includes('containers') ? PACKAGES.containers : []),
  ...(['packages', 'systems', 'arm64'].some((tier) => chosen.includes(tier)) ? PACKAGES.packages : []),
  ...(['kernels', 'systems', 'arm64'].some((tier) => chosen.includes(tier)) ? PACKAGES.kernels : []),
  ...(chosen.includes('systems') ? PACKAGES.systems : []),
  ...(chosen.includes('arm64') ? PACKAGES.arm64 : []),
];

/** @param {string[]} chosen */
async function prepare(chosen) {
  if (chosen.every((tier) => tier === 'unit')) return void (await ensure(DEPENDENCIES));
  await ensurePackages([...PACKAGES.test, ...ofTiers(chosen)]);
  await ensure([...PREREQUISITES, ...BUILD]);
}

/**
 * @param {string} tier
 * @param {string[]} chosen
 * @param {boolean} idle
 */
function runOne(tier, chosen, idle) {
  if (tier === 'lint') return lint({ idle });
  if (tier === 'arm64') return testArm64({ idle });
  if (tier === 'kernels') return runMatrix({ hostTested: chosen.includes('kernel'), idle });
  return runTier(tier, { idle });
}

/** @param {string[]} chosen */
async function runAll(chosen) {
  const machine = new Machine();
  const repeats = new Repeats();
  /** @type {Map<string, import('./lib/count.js').Count>} */
  const counts = new Map();
  /** @type {import('./lib/times.js').TierTime[]} */
  const times = [];
  const countOf = (/** @type {string} */ tier) => counts.get(tier) ?? failure(`${tier} did not run`);
  const one = async (/** @type {string} */ tier, idle = false) => {
    say(`test: ${tier}${idle ? ', on what the others leave of the processors' : ''}`);
    const began = performance.now();
    counts.set(tier, await runOne(tier, chosen, idle));
    times.push({ tier, seconds: (performance.now() - began) / 1000 });
  };
  let usualSeconds = 0;
  for (const { tier, beside } of phasesOf(chosen)) {
    const began = performance.now();
    const others = async () => {
      for (const name of beside) await one(name, true);
    };
    await Promise.all([one(tier), others()]);
    /* What runs a second time is no part of what the tests take. */
    if (USUAL.includes(tier)) usualSeconds += (performance.now() - began) / 1000;
    for (const name of [tier, ...beside]) counts.set(name, await repeats.after(name, countOf(name)));
  }
  keepPassed(counts);
  const sum = sumOf([...counts.values(), concludeTimes(times, usualSeconds, machine)]);
  for (const line of repeats.passed) console.log(`passed the second time: ${line}`);
  return sum;
}

/** @returns {string[]} the usual tiers, and the additional ones that must run now */
function usualAndDue() {
  const due = dueTiers();
  for (const { tier, reason } of due) say(`test: ${tier} too: ${reason}`);
  return [...USUAL, ...due.map(({ tier }) => tier)];
}

/** @param {string[]} words */
function chosenBy(words) {
  const named = words.filter((word) => !FLAGS.includes(word));
  const unknown = named.find((tier) => !NAMES.includes(tier));
  if (unknown) throw new Stop(`There is no test tier "${unknown}". Tiers: ${NAMES.join(' ')}`, 2);
  if (words.includes('--arm64')) return ['arm64'];
  if (named.length > 0) return named;
  if (words.includes('--due')) return usualAndDue();
  return words.includes('--all') ? EVERYTHING : USUAL;
}

await main(async () => {
  const words = process.argv.slice(2);
  const chosen = chosenBy(words);
  if (words.includes('--load')) loadMachine();
  try {
    await prepare(chosen);
    return conclude(await runAll(chosen));
  } catch (error) {
    return conclude(failure(error instanceof Stop ? error.message : String(error)));
  }
});
