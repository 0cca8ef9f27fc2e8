/** The service in trouble, with large figures. */
import { describe, it } from 'vitest';
import { runOutOfDescriptors, shortOfMemory, stopAndGoOn } from '../e2e/stories/faults.js';

describe('a service that is stopped while connections churn', () => {
  it('goes on with exact totals, says what was lost, and has the entries that are left, each with its owner', (test) =>
    stopAndGoOn(test, { seconds: 30, connections: 4000 }, true));
});

it('descriptors that run out cost audits and new clients, not counts; with new ones everything is back', (test) =>
  runOutOfDescriptors(test, 9000));

it('under half of the memory that its unit allows, a storm of processes, a hundred namespaces and hostile names are counted right', (test) =>
  shortOfMemory(test, { processes: 10_000, namespaces: 100 }));
