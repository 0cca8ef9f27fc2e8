/** The service in trouble, with figures for each test run; test/faults/trouble.test.ts has the large ones. */
import { describe, it } from 'vitest';
import { runOutOfDescriptors, stopAndGoOn, stopAndKill } from './stories/faults.js';

describe.concurrent('a service that is stopped while connections churn', () => {
  it('goes on with exact totals, says what was lost, and has the entries that are left, each with its owner', (test) =>
    stopAndGoOn(test, { seconds: 6, connections: 1000 }));

  it('and is then killed leaves nothing in the kernel', stopAndKill);
});

it('descriptors that run out cost audits and new clients, not counts; with new ones everything is back', (test) =>
  runOutOfDescriptors(test, 4000));
