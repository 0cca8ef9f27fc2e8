/**
 * Incidents on one host at the same time, to the end: every figure of every row is what the kernel says. One round of some of them:
 * test/e2e/incidents.test.ts.
 */
import { beforeAll, expect, it } from 'vitest';
import { unnoticed } from '../support/scene/blind.js';
import { INCIDENTS, type Played, playIncidents } from '../support/scene/incidents.js';
import { waiting } from '../support/scene/kernel.js';
import type { Agreed } from '../support/scene/scene.js';
import { fileScope } from '../support/scope.js';
import { MORE_INCIDENTS } from './more-incidents.js';

const ALL = [...INCIDENTS, ...MORE_INCIDENTS];
const scope = fileScope();
let first: Played;
/** When the entries of the first round have ended. */
let between: Agreed[];
let second: Agreed[];

beforeAll(async () => {
  first = await playIncidents(scope, ALL);
  const { scene, service } = first;
  await scene.expired();
  between = await scene.agrees(service);
  await scene.play();
  second = await scene.agrees(service);
});

it('every row is what the kernel says: after a round, when its entries have ended, after another round', () => {
  /* A keep-alive connection that is idle for a minute ends, too. */
  const incidents = (all: Agreed[]) => all.filter(({ stack }) => stack.reports().length > 0);
  const withEntries = (all: Agreed[]) =>
    incidents(all).filter(({ truth }) => waiting(truth.kernel) > 0).length;
  expect(withEntries(first.agreed)).toBeGreaterThan(2);
  expect([between, second].map(withEntries)).toEqual([0, withEntries(first.agreed)]);
});

it('no figure of any row could be one more without being noticed', () => {
  for (const { shown, truth } of [...first.agreed, ...between, ...second])
    expect(unnoticed(shown, truth)).toEqual([]);
});

it('each incident is found, and nobody is advised to act where there is none', () => {
  expect(first.advice).toEqual([]);
});
