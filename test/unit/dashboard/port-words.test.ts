/** What the port map and its skyline say to whoever does not see them. */
import { describe, expect, it } from 'vitest';
import { mapSummary, portText, returnsSummary } from '../../../dashboard/text/port-words.js';
import { OTHER_OWNERS, PORT_STATES } from '../../../src/protocol/ports/cells.js';
import { returnSteps } from '../../../src/view/budget.js';
import { proc } from '../publish/rows.js';

const OWNERS = [
  { process: proc({ pid: 4711, comm: 'worker' }), program: null },
  { process: proc({ pid: null, comm: 'curl' }), program: 'curl (loop.sh)' },
  { process: proc({ pid: 13, comm: '\u202eevil' }), program: null },
];

describe('a port in words', () => {
  it.each([
    [{ owner: 0, state: 'established', seconds: 0 }, 'Port 30012: worker 4711, established'],
    [{ owner: 0, state: 'time-wait', seconds: 31 }, 'Port 30012: worker 4711, TIME_WAIT, 31 s left'],
    [
      { owner: 1, state: 'fin-wait-2', seconds: 0 },
      'Port 30012: curl (loop.sh), waiting for the peer to close',
    ],
    [{ owner: null, state: 'blocked', seconds: 0 }, 'Port 30012: blocked by bind()'],
    [{ owner: OTHER_OWNERS, state: 'other', seconds: 0 }, 'Port 30012: others, opening or closing'],
    [{ owner: null, state: 'free', seconds: 0 }, 'Port 30012: free'],
  ] as const)('of %j', (cell, text) => {
    expect(portText(30_012, cell, OWNERS)).toBe(text);
  });

  it('spells out what a process is called', () => {
    expect(portText(1, { owner: 2, state: 'established', seconds: 0 }, OWNERS)).toContain('\\u202eevil 13');
  });
});

it('sums up the map: states, and who holds how much', () => {
  const none = Object.fromEntries(PORT_STATES.map((state) => [state, 0])) as Parameters<typeof mapSummary>[1];
  const states = { ...none, established: 2, 'time-wait': 1200, free: 8, reserved: 3 };
  expect(mapSummary(30_000, states, OWNERS.slice(0, 2), Uint32Array.of(1200, 2))).toBe(
    'Ports 30000 to 31212: 2 established, 1,200 in TIME_WAIT, 3 reserved, 8 free. worker 4711 has 1,200. curl (loop.sh) has 2.',
  );
});

describe('the skyline', () => {
  it('has every step of a minute, with those in which nothing comes back', () => {
    const steps = returnSteps({
      releasing: [
        [10, 300],
        [60, 5],
      ],
    });
    expect(steps).toHaveLength(12);
    expect(steps.filter(({ ports }) => ports > 0)).toEqual([
      { within: 10, ports: 300 },
      { within: 60, ports: 5 },
    ]);
    expect(returnsSummary(steps)).toBe('Ports that come back: 300 in 5 to 10 s, 5 in 55 to 60 s.');
  });

  it('is longer where a port comes back later', () => {
    expect(returnSteps({ releasing: [[75, 1]] })).toHaveLength(15);
  });

  it('says when nothing comes back', () => {
    expect(returnsSummary(returnSteps({ releasing: [] }))).toBe('No port is about to come back by itself.');
  });
});
