/**
 * `npm test [-- TIER...]`: set-up, then lint and the test tiers, or only those named (lint unit native kernel kernels e2e).
 * The end names each failure once more; the last line is `N passed, N failed`, the sum of all; lint counts one per tool.
 * Exit 0 only when nothing failed and something passed. The unit tier needs no build.
 */
import { conclude, failure, sumOf } from './lib/count.js';
import { runMatrix } from './lib/kernels/matrix.js';
import { lint } from './lib/lint.js';
import { ensurePackages, PACKAGES } from './lib/packages.js';
import { main, Stop, say } from './lib/run.js';
import { BUILD, DEPENDENCIES, ensure, PREREQUISITES } from './lib/steps.js';
import { runTier } from './lib/tiers.js';

const ALL = ['lint', 'unit', 'native', 'kernel', 'kernels', 'e2e'];

/** @param {string[]} chosen */
async function prepare(chosen) {
  if (chosen.every((tier) => tier === 'unit')) return void (await ensure(DEPENDENCIES));
  await ensurePackages([...PACKAGES.test, ...(chosen.includes('kernels') ? PACKAGES.kernels : [])]);
  await ensure([...PREREQUISITES, ...BUILD]);
}

/**
 * @param {string} tier
 * @param {string[]} chosen
 */
function runOne(tier, chosen) {
  if (tier === 'lint') return lint();
  if (tier === 'kernels') return runMatrix({ hostTested: chosen.includes('kernel') });
  return runTier(tier);
}

/** @param {string[]} chosen */
async function runAll(chosen) {
  const counts = [];
  for (const tier of ALL.filter((name) => chosen.includes(name))) {
    say(`test: ${tier}`);
    counts.push(await runOne(tier, chosen));
  }
  return sumOf(counts);
}

await main(async () => {
  const named = process.argv.slice(2);
  const unknown = named.find((tier) => !ALL.includes(tier));
  if (unknown) throw new Stop(`There is no test tier "${unknown}". Tiers: ${ALL.join(' ')}`, 2);
  const chosen = named.length > 0 ? named : ALL;
  try {
    await prepare(chosen);
    return conclude(await runAll(chosen));
  } catch (error) {
    return conclude(failure(error instanceof Stop ? error.message : String(error)));
  }
});
