/**
 * The truth about a hundred thousand connections in all roles (test/support/truth-run.ts).
 */
import { it } from 'vitest';
import { fileScope } from '../support/scope.js';
import { tellTheTruth } from '../support/truth-run.js';

const CONNECTIONS = 100_000;
const TEST_MS = 60_000 + CONNECTIONS * 5;

const scope = fileScope();

it(
  'every TIME_WAIT entry of the kernel has the owner that the log says, and none is shown that the kernel does not have',
  () => tellTheTruth(scope, CONNECTIONS),
  TEST_MS,
);
