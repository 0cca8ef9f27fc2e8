/**
 * At a constant rate, the moment at which the ports run out is foretold at a quarter, half and three quarters of the way, for
 * ranges of every kind and size. All of them run at the same time, for as long as the largest range lasts.
 */
import { it } from 'vitest';
import { foretold, RACES } from '../support/forecast-races.js';
import { fileScope } from '../support/scope.js';

const scope = fileScope();

it(
  'the moment at which ports run out is foretold within a tenth of the time left, or two seconds',
  () => foretold(scope, RACES),
  120_000,
);
