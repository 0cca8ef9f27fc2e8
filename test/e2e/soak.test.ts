/** Mixed traffic of well-configured programs for some seconds; test/load/soak.test.ts has the long form. */
import { it } from 'vitest';
import { soak } from './stories/soak.js';

it('mixed traffic gives no warning and nothing critical', () => soak(10_000));
