/** Mixed traffic of well-configured programs. `npm run soak` does this for ten minutes (SOAK_MINUTES), the test run for one. */
import { it } from 'vitest';
import { soak } from '../e2e/stories/soak.js';

const MINUTES = Number(process.env.SOAK_MINUTES ?? 1);
const SOAK_MS = MINUTES * 60_000;

it(
  `${MINUTES} min of mixed traffic give no warning and nothing critical`,
  () => soak(SOAK_MS),
  SOAK_MS + 300_000,
);
