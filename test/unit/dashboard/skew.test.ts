import { expect, it } from 'vitest';
import { skewOf } from '../../../dashboard/text/skew.js';

it.each([
  [null, null],
  ['1.0.0', null],
  [null, '1.0.0'],
  ['1.0.0', '1.0.0'],
])('a page of %s at a service of %s lacks nothing', (page, service) => {
  expect(skewOf(page, service)).toEqual([]);
});

it.each(['1.1.0', '0.9.0'])('a page of 1.0.0 at a service of %s says both, and what to do', (service) => {
  const [problem, ...others] = skewOf('1.0.0', service);
  expect(others).toEqual([]);
  expect(problem?.what).toContain(`version 1.0.0, the service is ${service}`);
  expect(problem?.fix).toBe('Reload the page.');
});
