import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { History } from '../../../../src/aggregate/history/history.js';
import { historyBodyFault } from '../../../../src/protocol/validate.js';
import { World } from '../world.js';

const KEY = '1/10.0.0.1/[2001:db8::9]:443';

let world: World;
let bare: World;
beforeAll(async () => {
  bare = await World.start();
  world = await World.start();
  const history = new History({ ms: 0, unixMs: 1_700_000_000_000 });
  const totals = { limit: null, blocked: null, timeWait: 9, established: 1, other: 0, opened: 50 };
  history.record({ ms: 1000, unixMs: 1_700_000_001_000 }, totals, [
    {
      ...{ ...totals, key: KEY, limit: 100, blocked: 2, failed: new Map([['EADDRNOTAVAIL', 3]]) },
      owners: () => new Map([['wor"ker', { ports: 10, about: { netns: 1 } }]]),
    },
  ]);
  history.annotate(1200, 'first-failure', 'EADDRNOTAVAIL: \u001b[31m"curl"', KEY);
  Object.assign(world.source, { history });
});
afterAll(async () => {
  await world.stop();
  await bare.stop();
});

describe('GET /api/v1/history', () => {
  it('gives fifteen minutes of the totals', async () => {
    const response = await world.get('/api/v1/history');
    const body = await response.json();
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(historyBodyFault(body)).toBeNull();
    expect(body).toMatchObject({ budget: null, stepMs: 1000, seconds: 900 });
    expect(body.timeWait.length).toBe(900);
    expect(body.timeWait.at(-1)).toBe(9);
  });

  it('gives one budget, as far back as asked', async () => {
    const response = await world.get(`/api/v1/history?budget=${encodeURIComponent(KEY)}&seconds=2`);
    const body = await response.json();
    expect(historyBodyFault(body)).toBeNull();
    expect(body).toEqual({
      budget: KEY,
      from: 1_700_000_000_000,
      stepMs: 1000,
      seconds: 2,
      limit: [null, 100],
      timeWait: [null, 9],
      established: [null, 1],
      other: [null, 0],
      blocked: [null, 2],
      opensPerSec: [null, 50],
      failuresPerSec: { EADDRNOTAVAIL: [null, 3] },
      owners: [{ program: 'wor"ker', held: [null, 10] }],
      annotations: [
        {
          time: 1_700_000_001_200,
          kind: 'first-failure',
          text: 'EADDRNOTAVAIL: \u001b[31m"curl"',
          incident: null,
          netnsId: null,
        },
      ],
    });
  });

  it.each(['?budget=nosuch', '?budget=', '?budget=__proto__&seconds=5'])('knows no %s', async (query) => {
    const response = await world.get(`/api/v1/history${query}`);
    expect([response.status, await response.json()]).toMatchObject([404, { code: 'NOT_FOUND' }]);
  });

  it.each(['0', '901', '-1', '1.5', '', 'x', '1e2', '9999999999'])('refuses %s seconds', async (seconds) => {
    const response = await world.get(`/api/v1/history?seconds=${seconds}`);
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'USAGE' }]);
  });

  it('refuses a parameter that does not exist', async () => {
    const response = await world.get('/api/v1/history?second=5');
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'USAGE' }]);
  });

  it('is not found where nothing is remembered', async () => {
    const response = await bare.get('/api/v1/history');
    expect([response.status, await response.json()]).toMatchObject([404, { code: 'NOT_FOUND' }]);
  });
});
