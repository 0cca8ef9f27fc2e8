/** A long shell loop of curl. TEST_CURLS sets how many (40,000 take some minutes; 4,000 already make dead processes fold). */
import { it } from 'vitest';
import { countCurls, MS_PER_CURL } from '../e2e/stories/curl.js';

const CURLS = Number(process.env.TEST_CURLS ?? 4000);

it(
  `${CURLS} curl processes are all counted, and named as what one script does`,
  () => countCurls(CURLS),
  CURLS * MS_PER_CURL + 60_000,
);
