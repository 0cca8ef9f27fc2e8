/**
 * At a constant rate, the moment at which the ports run out is foretold at a quarter, half and three quarters of the way:
 * against the first connect() that really fails. Small ranges of every kind at the same time, so fast that each lasts no longer
 * than a few seconds; large ones, and slow rates, are in test/load/forecast.test.ts.
 */
import { it } from 'vitest';
import { foretold, RACES } from '../support/forecast-races.js';
import { fileScope } from '../support/scope.js';
import type { Race } from '../support/truth-forecast.js';

const SECONDS = 16;
const SMALL = 1000;

const hurried = (race: Race): Race => ({
  ...race,
  rate: Math.max(race.rate, Math.ceil(race.ports / SECONDS)),
});
const small = Object.entries(RACES).filter(([, { ports }]) => ports <= SMALL);
const races = Object.fromEntries(small.map(([name, race]) => [name, hurried(race)]));

const scope = fileScope();

it(
  'the moment at which ports run out is foretold within a tenth of the time left, or two seconds',
  () => foretold(scope, races),
  120_000,
);
