/**
 * Two namespaces with the same addresses and ports, an incident in each, and a third one that only looks busy: every figure of
 * every row is what the kernel says. More of it, and until all TIME_WAIT entries have ended: test/scenes/incidents.test.ts.
 */
import { beforeAll, expect, it } from 'vitest';
import { unnoticed } from '../support/scene/blind.js';
import { type Played, playIncidents } from '../support/scene/incidents.js';
import { waiting } from '../support/scene/kernel.js';
import { fileScope } from '../support/scope.js';

const scope = fileScope();
let played: Played;
beforeAll(async () => {
  played = await playIncidents(scope);
});

it('every row is what the kernel says, and no figure could be one more without being noticed', () => {
  expect(played.agreed.filter(({ truth }) => waiting(truth.kernel) > 0)).toHaveLength(3);
  for (const { shown, truth } of played.agreed) expect(unnoticed(shown, truth)).toEqual([]);
});

it('each incident is found, and nobody is advised to act where there is none', () => {
  expect(played.advice).toEqual([]);
});
