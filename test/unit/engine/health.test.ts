import { expect, it } from 'vitest';
import { healthOf } from '../../../src/engine/health.js';
import { LossTimes } from '../../../src/engine/losses.js';
import type { TracingMode } from '../../../src/engine/tracing-mode.js';
import { World } from '../../support/aggregate-world.js';

const TRACING = {
  mode: 'ebpf',
  limits: [],
  tracer: { outcomePath: () => 'ehash', hooks: () => [], stats: () => ({ spareStates: 0 }) },
} as unknown as TracingMode;
const LOST = { ring: 0, recursion: 0, storage: 0, total: 0 };
const DISCOVERED = { nameOf: (inode: number) => (inode === 1 ? 'blue' : null), trouble: null };
const SECOND_NS = 1e9;

/** Namespaces by inode, audited last after so many seconds (0: never), and first seen after so many. */
function health(
  atSeconds: number,
  ...namespaces: { auditedAt: number; firstSeen?: number; budgets?: number }[]
) {
  const { aggregator } = new World();
  for (const [i, { auditedAt, firstSeen = 1, budgets = 1 }] of namespaces.entries()) {
    const namespace = aggregator.namespaces.of(i + 1, i + 1);
    namespace.auditedAt = auditedAt * SECOND_NS;
    namespace.firstSeen = firstSeen * SECOND_NS;
    namespace.budgets = budgets;
    if (auditedAt > 0) namespace.states = new Map();
  }
  const at = { nowMs: atSeconds * 1000, startedAt: 1000, lossTimes: new LossTimes() };
  const { status, problems } = healthOf(TRACING, LOST, aggregator, DISCOVERED, at);
  return [status, ...problems.map(({ what }) => what)];
}

const AGO = (name: string, ago: string) =>
  `Counts of network namespace ${name} were last compared with the kernel’s own list ${ago} ago.`;

it('is ok while every namespace with budgets was audited within 90 s', () => {
  expect(health(100, { auditedAt: 11 })).toEqual(['ok']);
});

it('is degraded, and says which, when the last audit of one with budgets is older', () => {
  expect(health(102, { auditedAt: 11 }, { auditedAt: 100 })).toEqual(['degraded', AGO('blue', '1 min 31 s')]);
});

it('is degraded when there was no audit at all for 90 s, since the first event or the start', () => {
  expect(health(91, { auditedAt: 0, firstSeen: 0 })).toEqual(['ok']);
  expect(health(92, { auditedAt: 0, firstSeen: 0 })).toEqual(['degraded', AGO('blue', '1 min 31 s')]);
  expect(health(92, { auditedAt: 0, firstSeen: 10 })).toEqual(['ok']);
  expect(health(102, { auditedAt: 100 }, { auditedAt: 0, firstSeen: 10 })).toEqual([
    'degraded',
    AGO('2', '1 min 32 s'),
  ]);
});

it('is ok without an audit of one where nothing counts against a port', () => {
  expect(health(1000, { auditedAt: 990 }, { auditedAt: 0, budgets: 0 })).toEqual(['ok']);
});
