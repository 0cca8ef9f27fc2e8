/**
 * The truth, with all roles and fewer connections than in test/load/truth.test.ts (test/support/truth-run.ts).
 */
import { it } from 'vitest';
import { fileScope } from '../support/scope.js';
import { tellTheTruth } from '../support/truth-run.js';

const CONNECTIONS = 25_000;
const TEST_MS = 60_000 + CONNECTIONS * 5;

const scope = fileScope();

it(
  'every TIME_WAIT entry of the kernel has the owner that the log says, and none is shown that the kernel does not have',
  () => tellTheTruth(scope, CONNECTIONS),
  TEST_MS,
);
