/** A flow that is rolled up takes every count of its own with it, also one that is added later. */
import { expect, it } from 'vitest';
import { NO_DESTINATION } from '../../../../src/aggregate/model/destination.js';
import { Flow } from '../../../../src/aggregate/model/flow.js';
import { Namespace } from '../../../../src/aggregate/model/namespace.js';
import { Process } from '../../../../src/aggregate/model/process.js';
import { DIRECTION } from '../../../../src/decode/layout.js';
import { AROUND } from '../../../support/aggregate-world.js';

/** Numbers that say which flow it is, who points at it, and when: they do not add up. */
const NO_COUNTS = ['index', 'direction', 'pins', 'samples', 'firstSeen', 'lastSeen'];

const namespace = new Namespace('1', 4026530001);
const owner = new Process(1, AROUND);
const flow = (index: number) =>
  new Flow(index, String(index), namespace, owner, DIRECTION.OUT, NO_DESTINATION);

function countsOf(flow: Flow): Record<string, number> {
  const numbers = Object.entries(flow).filter(([, value]) => typeof value === 'number');
  return Object.fromEntries(numbers.filter(([name]) => !NO_COUNTS.includes(name)));
}

it('absorb() adds up every count', () => {
  const [into, other] = [flow(1), flow(2)];
  const names = Object.keys(countsOf(other));
  expect(names).toContain('opened');
  Object.assign(into, Object.fromEntries(names.map((name) => [name, 1000])));
  Object.assign(other, Object.fromEntries(names.map((name, n) => [name, n + 1])));
  into.absorb(other);
  expect(countsOf(into)).toEqual(Object.fromEntries(names.map((name, n) => [name, 1000 + n + 1])));
});
