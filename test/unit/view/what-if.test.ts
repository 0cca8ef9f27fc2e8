import { describe, expect, it } from 'vitest';
import type { Projection } from '../../../src/forecast/projection.js';
import { projectionWords } from '../../../src/view/what-if.js';

const PROJECTION: Projection = {
  ...{ limit: 2000, limitEach: 2000, demandPerSec: 40, openPerSec: 40, reuse: 'never' },
  ...{
    settlesAt: 1500,
    neededPorts: 1500,
    neededPortsLeast: null,
    isLowerBound: false,
    exhaustionSeconds: null,
  },
};

describe('the words of a projection', () => {
  it('say what is opened, and of what lacks ports that it asks for at least as much', () => {
    expect(projectionWords(PROJECTION)).toMatch(/^2,000 ports, 40\.0 opened\/s: never runs out/);
    const loop = { ...PROJECTION, openPerSec: 3, neededPortsLeast: 199 };
    expect(projectionWords(loop)).toMatch(
      /^2,000 ports, 40\.0 asked for\/s: .*; 199 ports needed for what gets one/,
    );
    const above = { ...PROJECTION, settlesAt: 4243 };
    expect(projectionWords(above)).toContain(': runs out in more than an hour; ');
    const failing = { ...PROJECTION, openPerSec: 0, isLowerBound: true, exhaustionSeconds: 0 };
    expect(projectionWords(failing)).toBe(
      '2,000 ports, at least 40.0 asked for/s, since calls fail: out of ports now; 1,500 ports needed',
    );
  });
});
