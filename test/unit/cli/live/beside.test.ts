/** What is asked of the service beside the tables: only what is on the screen, and once. */
import { expect, it } from 'vitest';
import { Beside } from '../../../../src/cli/live/beside.js';
import type { SideFeed } from '../../../../src/cli/live/feed.js';
import type { State } from '../../../../src/cli/live/state.js';
import type { HttpClient } from '../../../../src/client/http.js';
import type { PortsFrame } from '../../../../src/protocol/frames.js';
import { flow } from '../rows.js';
import { flows, full, trouble } from './rows.js';
import { type Rows, sceneOf } from './scenes.js';

const WIDE = [120, 36] as const;

/** A feed that notes what begins and ends, and gives a map when it is told to. */
function noted() {
  const log: string[] = [];
  const asked: string[] = [];
  let onMap: (map: PortsFrame | null) => void = () => undefined;
  const begun = (what: string) => {
    log.push(`+${what}`);
    return () => void log.push(`-${what}`);
  };
  const feed: SideFeed = {
    follow: (pid) => begun(`pid ${pid}`),
    flows: (filter) => begun(filter),
    ports: (budget, ms, listener) => {
      onMap = listener;
      return begun(`map ${budget} each ${ms / 1000} s`);
    },
  };
  const http = {
    flowDetail: async (key: string) => {
      asked.push(key);
      return null;
    },
  } as unknown as HttpClient;
  const beside = new Beside(feed, http, () => undefined);
  const show = (state: Partial<State>, width: number, height: number, rows: Rows = trouble) => {
    log.length = 0;
    beside.on(sceneOf({ rows, state, aside: beside.values.aside }), width, height);
    return log;
  };
  return { beside, show, asked, give: (map: PortsFrame | null) => onMap(map) };
}

it('a small terminal asks for nothing', () => {
  const { show } = noted();
  for (const [width, height] of [
    [80, 24],
    [119, 60],
    [200, 35],
  ] as const)
    expect(show({}, width, height)).toEqual([]);
});

it('a large one asks for the map of the incident’s budget and the process under the cursor, and once', () => {
  const { show, asked } = noted();
  expect(show({}, ...WIDE)).toEqual(['+pid 3071', `+map ${full.key} each 1 s`]);
  expect(show({}, ...WIDE)).toEqual([]);
  expect(show({ selected: flows[1]?.key ?? '' }, ...WIDE)).toEqual(['-pid 3071', '+pid 3072']);
  expect(show({}, 80, 24)).toEqual(['-pid 3072', `-map ${full.key} each 1 s`]);
  expect(asked).toEqual([]);
});

it('the more ports a map has the more rarely it is asked for', () => {
  const { show } = noted();
  const rows = { ...trouble, budgets: (trouble.budgets ?? []).map((row) => ({ ...row, limit: 64_512 })) };
  expect(show({}, ...WIDE, rows)).toContain(`+map ${full.key} each 4 s`);
});

it('what lies over the tables ends the map; the row in full goes on with its events, and asks for details', () => {
  const { beside, show, asked } = noted();
  const selected = flows[0]?.key ?? '';
  show({}, ...WIDE);
  expect(show({ overlay: 'detail', selected }, ...WIDE)).toEqual([`-map ${full.key} each 1 s`]);
  expect(asked).toEqual([selected]);
  expect(show({ overlay: 'what-if' }, ...WIDE)).toEqual([
    '-pid 3071',
    '+dst:10.77.0.9:5432 netns:4026531840',
  ]);
  show({}, ...WIDE);
  beside.stop();
  expect(show({}, 80, 24)).toEqual([]);
});

it('a map is of whole cells, whatever a service sends; one that is refused is said', () => {
  const { beside, show, give } = noted();
  show({}, ...WIDE);
  const frame: Omit<PortsFrame, 'first' | 'cells'> = {
    type: 'ports',
    sub: 'x',
    seq: 1,
    time: 0,
    budget: full.key,
    owners: [],
  };
  give({ ...frame, first: 40_000, cells: Buffer.from([255, 0, 0, 0, 255, 6, 0]).toString('base64') });
  expect(beside.values.ports).toMatchObject({
    state: 'known',
    first: 40_000,
    counts: { states: { free: 1 } },
  });
  give({ ...frame, first: null, cells: '' });
  expect(beside.values.ports).toMatchObject({ state: 'rangeless' });
  give(null);
  expect(beside.values.ports).toEqual({ budget: full.key, state: 'refused' });
  show({ overlay: 'help' }, ...WIDE);
  expect(beside.values.ports).toBeNull();
});

it('what is about as full, or holds about as much, takes nobody’s place; what is much fuller does', () => {
  const { show } = noted();
  const [first, second] = [full, { ...full, key: 'second', destination: { address: '10.0.0.2', port: 80 } }];
  const budgets = (...used: number[]) =>
    [first, second].map((row, at) => ({ ...row, used: used[at] ?? 0, free: 2000 - (used[at] ?? 0) }));
  const rows = (used: number[], held: number[]): Rows => ({
    ...trouble,
    incidents: [],
    budgets: budgets(...used),
    flows: flows.map((row, at) => ({ ...row, portsHeld: held[at] ?? 0 })),
  });
  expect(show({ sort: 'portsHeld' }, ...WIDE, rows([100, 90], [2, 1]))).toEqual([
    '+pid 3071',
    `+map ${full.key} each 1 s`,
  ]);
  expect(show({ sort: 'portsHeld' }, ...WIDE, rows([100, 110], [2, 3]))).toEqual([]);
  expect(show({ sort: 'portsHeld' }, ...WIDE, rows([100, 1900], [2, 3]))).toEqual([
    `-map ${full.key} each 1 s`,
    '+map second each 1 s',
  ]);
});

it('a row whose process is not known is not traced while there is one that is', () => {
  const { show } = noted();
  const gone = flow({ pid: null }, { key: 'gone', portsHeld: 9999 });
  const rows: Rows = { ...trouble, flows: [gone, ...flows] };
  expect(show({ sort: 'portsHeld' }, ...WIDE, rows)).toContain('+pid 3071');
  expect(show({ selected: 'gone' }, ...WIDE, rows)).toEqual(['-pid 3071']);
});
