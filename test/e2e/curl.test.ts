/** A shell loop of curl, short enough for each test run; test/load/curl.test.ts has the long one. */
import { it } from 'vitest';
import { countCurls } from './stories/curl.js';

it('curl processes of one script are all counted, and named as what it does', () => countCurls(300));
