/** The service in trouble, with figures for each test run; test/load/faults.test.ts has the large ones. */
import { describe, it } from 'vitest';
import { runOutOfDescriptors, stopAndGoOn, stopAndKill } from './stories/faults.js';

describe('a service that is stopped while connections churn', () => {
  it('goes on with exact totals, says what was lost, and has the entries that are left, each with its owner', () =>
    stopAndGoOn({ seconds: 6, connections: 1000 }));

  it('and is then killed leaves nothing in the kernel', stopAndKill);
});

it('descriptors that run out cost audits and new clients, not counts; with new ones everything is back', () =>
  runOutOfDescriptors(4000));
