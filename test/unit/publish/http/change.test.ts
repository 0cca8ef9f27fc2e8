import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Remedy } from '../../../../src/protocol/rows.js';
import type { WantedSettings } from '../../../../src/protocol/source.js';
import { budget } from '../rows.js';
import { World } from '../world.js';

const KEY = '1/10.0.0.1/[2001:db8::9]:443';
const REMEDY: Remedy = {
  text: 'Widen the range of local ports',
  command: 'sysctl -w net.ipv4.ip_local_port_range="20000 60999"',
  undo: 'sysctl -w net.ipv4.ip_local_port_range="32768 60999"',
  effect: '41,000 ports instead of 28,232',
  persistence: 'until the next boot',
  snippet: null,
  language: null,
};

let world: World;
/** Without anything that knows how to change a setting. */
let bare: World;
const asked: [string, WantedSettings][] = [];

beforeAll(async () => {
  [world, bare] = [await World.start(), await World.start()];
  for (const { source } of [world, bare]) source.budgets.put(budget(KEY));
  Object.assign(world.source, {
    change: (key: string, wanted: WantedSettings) => {
      asked.push([key, wanted]);
      const isNothing = key !== KEY || (wanted.range === null && wanted.twReuse === null);
      return isNothing ? null : REMEDY;
    },
  });
});
afterAll(async () => {
  await world.stop();
  await bare.stop();
});

const get = async (query: string, from = world) => {
  const response = await from.get(`/api/v1/change?budget=${encodeURIComponent(KEY)}${query}`);
  return {
    status: response.status,
    cache: response.headers.get('cache-control'),
    body: await response.json(),
  };
};

describe('GET /api/v1/change', () => {
  it.each([
    ['&range=20000-60999', { range: [20_000, 60_999], twReuse: null }],
    ['&range=1024-65535&twReuse=0', { range: [1024, 65_535], twReuse: 0 }],
    ['&twReuse=2', { range: null, twReuse: 2 }],
  ])('says how to set %s, and keeps no copy', async (query, wanted) => {
    expect(await get(query)).toEqual({ status: 200, cache: 'no-store', body: REMEDY });
    expect(asked.at(-1)).toEqual([KEY, wanted]);
  });

  it('is not found where nothing would change, for an unknown budget, and where nobody knows how', async () => {
    const unknown = await world.get('/api/v1/change?budget=nosuch&twReuse=1');
    const answers = [
      await get(''),
      { status: unknown.status, body: await unknown.json() },
      await get('&twReuse=1', bare),
    ];
    for (const answer of answers) expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

  it.each([
    '&range=',
    '&range=1023-60999',
    '&range=60999-20000',
    '&range=20000-20000',
    '&range=1024-65536',
    '&range=20000',
    '&range=a-b',
    '&twReuse=',
    '&twReuse=3',
    '&twReuse=-1',
    '&twReuse=1.5',
    '&apply=1',
  ])('refuses %s, and asks nobody', async (query) => {
    const before = asked.length;
    expect(await get(query)).toMatchObject({ status: 400, body: { code: 'USAGE' } });
    expect(asked.length).toBe(before);
  });
});
