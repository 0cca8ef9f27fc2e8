import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DurationWindow } from '../../../../src/aggregate/measure/quantiles.js';
import { flowDetail, type Relations } from '../../../../src/aggregate/rows/flow-detail.js';
import { flowDetailFault } from '../../../../src/protocol/validate.js';
import { userName } from '../../../../src/system/accounts.js';
import { readAncestors } from '../../../../src/system/proc.js';
import { announced, closed, established, outbound, World } from '../../../support/aggregate-world.js';
import { testScope } from '../../../support/scope.js';
import { plant, statText } from '../../../support/tree.js';
import { flow, proc } from '../../publish/rows.js';
import { World as Served } from '../../publish/world.js';

const NOBODY: Relations = { userName: () => null, ancestors: () => [] };
const LIVING: Relations = {
  userName: (uid) => (uid === 33 ? 'www-data' : null),
  ancestors: (pid) =>
    pid === 900
      ? [
          { pid: 900, comm: 'bash' },
          { pid: 1, comm: 'init' },
        ]
      : [],
};

describe('a flow in detail', () => {
  const detail = (world: World, relations: Relations) => {
    const { key } = world.flow(5432);
    const body = flowDetail(
      world.aggregator,
      key,
      Math.floor((world.now - 1_700_000_000_000) / 1000),
      relations,
    );
    expect(flowDetailFault(body)).toBeNull();
    return body;
  };

  it('has the user, all ancestors and how long connections lived', () => {
    const world = new World();
    const connection = outbound();
    world.feed(announced(1, { uid: 33 }), established(connection), closed(connection));
    expect(detail(world, LIVING)).toEqual({
      key: world.flow(5432).key,
      user: 'www-data',
      ancestors: [
        { pid: 900, comm: 'bash' },
        { pid: 1, comm: 'init' },
      ],
      lifetimeMs: [[2.048, 1]],
      connectMs: [[0.256, 1]],
    });
  });

  it('names the parent that is gone, as it was announced', () => {
    const world = new World();
    world.feed(announced(1, { uid: 33 }), established(outbound()));
    expect(detail(world, NOBODY)).toMatchObject({ user: null, ancestors: [{ pid: 900, comm: 'bash' }] });
  });

  it('goes through the parents that the table knows first, and on from there', () => {
    const world = new World();
    world.feed(
      announced(2, { comm: 'loop.sh', exe: '/bin/bash', ppid: 900 }),
      announced(1, { parent: 2, ppid: 1002 }),
      established(outbound()),
    );
    expect(detail(world, LIVING)?.ancestors).toEqual([
      { pid: 1002, comm: 'loop.sh' },
      { pid: 900, comm: 'bash' },
      { pid: 1, comm: 'init' },
    ]);
  });

  it('is nothing where there is no such flow', () => {
    expect(flowDetail(new World().aggregator, 'x', 1, NOBODY)).toBeNull();
  });
});

it('durations are counted by powers of two without gaps', () => {
  const window = new DurationWindow();
  for (const us of [900, 1000, 1500, 9000]) window.add(us, 1);
  expect(window.doublings(1)).toEqual([
    [1.024, 2],
    [2.048, 1],
    [4.096, 0],
    [8.192, 0],
    [16.384, 1],
  ]);
  expect(window.doublings(100)).toEqual([]);
});

describe('ancestors', () => {
  const tree = {
    '9/stat': statText(9, 'worker', { ppid: 4, startTicks: 500 }),
    '4/stat': statText(4, 'a) (b', { ppid: 1, startTicks: 400 }),
    '1/stat': statText(1, 'init', { ppid: 0, startTicks: 1 }),
  };

  it('are the parent, its parent, and so on', () => {
    const root = plant(testScope().directory(), { files: tree });
    const all = [
      { pid: 4, comm: 'a) (b' },
      { pid: 1, comm: 'init' },
    ];
    expect(readAncestors(4, 500, 8, root)).toEqual(all);
    expect(readAncestors(4, 500, 1, root)).toEqual(all.slice(0, 1));
  });

  it('end where a pid has changed hands, or nobody has it', () => {
    const root = plant(testScope().directory(), { files: tree });
    expect(readAncestors(4, 399, 8, root)).toEqual([]);
    expect(readAncestors(77, 500, 8, root)).toEqual([]);
  });
});

it('a user is named by the list, and nobody by another id', () => {
  const path = join(testScope().directory(), 'passwd');
  writeFileSync(path, 'root:x:0:0::/root:/bin/sh\n# a comment\nwww-data:x:33:33::/var/www:/bin/false\n');
  expect([0, 33, 3].map((uid) => userName(uid, path))).toEqual(['root', 'www-data', null]);
  expect(userName(0, '/nonexistent')).toBeNull();
});

describe('GET /api/v1/flow', () => {
  const DETAIL = { key: 'a|b', user: null, ancestors: [], lifetimeMs: null, connectMs: [] };
  const flowDetailOf = (key: string) => (key === DETAIL.key ? { ...DETAIL } : null);
  let world: Served;
  let filtered: Served;
  beforeAll(async () => {
    world = await Served.start();
    filtered = await Served.start({ filter: 'pid:7' });
    for (const { source } of [world, filtered]) {
      Object.assign(source, { flowDetail: flowDetailOf });
      source.flows.put(flow('a|b', { process: proc({ pid: 8 }) }));
    }
  });
  afterAll(async () => {
    await world.stop();
    await filtered.stop();
  });
  const path = `/api/v1/flow?key=${encodeURIComponent(DETAIL.key)}`;

  it('answers for a key and is not kept', async () => {
    const response = await world.get(path);
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await response.json()).toEqual(DETAIL);
  });

  it.each(['', '?key=', '?key=__proto__'])('knows no flow %s', async (query) => {
    const response = await world.get(`/api/v1/flow${query}`);
    expect([response.status, (await response.json()).code]).toEqual([404, 'NOT_FOUND']);
  });

  it('refuses what it does not know', async () => {
    expect((await world.get(`${path}&seconds=3`)).status).toBe(400);
  });

  it('says nothing of a flow that the service-wide filter hides', async () => {
    expect((await filtered.get(path)).status).toBe(404);
  });
});
