/** Without events nobody counts what only events tell: it is unknown, and not 0. */
import { expect, it } from 'vitest';
import { UNSEEN } from '../../../../src/aggregate/reconcile/polled-owners.js';
import { fieldsOf } from '../../../../src/query/fields.js';

/** Counts that socket dumps and the kernel's own counters give as well. */
const FROM_KERNEL = {
  flows: ['established', 'timeWait', 'portsHeld'],
  totals: ['established', 'timeWait', 'timeWaitAttributed', 'timeWaitOverflow', 'blockedPorts'],
} as const;

it.each(['flows', 'totals'] as const)('each count of %s is one that the kernel has, or unknown', (topic) => {
  const counts = [...fieldsOf(topic)].filter(([, { sums }]) => sums).map(([name]) => name);
  const known = new Set<string>([...FROM_KERNEL[topic], ...Object.keys(UNSEEN[topic])]);
  const forgotten = counts.filter((name) => !known.has(name));
  expect(forgotten, 'UNSEEN in src/aggregate/reconcile/polled-owners.ts').toEqual([]);
});
