import { describe, expect, it } from 'vitest';
import type { Group } from '../../../src/protocol/frames.js';
import { FlowRow } from '../../../src/protocol/rows.js';
import { snapshotBodyFault } from '../../../src/protocol/validate.js';
import { Grouping } from '../../../src/query/group.js';
import { Entry } from '../../../src/query/row-store.js';
import { flow, proc } from '../publish/rows.js';

const grouped = (group: Group, rows: FlowRow[]): FlowRow[] => {
  const grouping = new Grouping(group);
  grouping.apply(rows.map((row) => ({ key: row.key, entry: new Entry(row) })));
  return [...grouping.entries.values()].map((entry) => entry.row as FlowRow);
};

describe('a group', () => {
  it('sums exactly, keeps what its members share, and nulls what differs', () => {
    const rows = [
      flow('a', { bytesSent: 2 ** 40, firstSeen: 5, lastSeen: 9 }),
      flow('b', {
        process: proc({ pid: 101, exited: true, parent: { pid: 1, comm: 'bash' }, self: true }),
        bytesSent: 1,
        firstSeen: 4,
        lastSeen: 8,
        lowerBound: true,
      }),
    ];
    expect(grouped('program', rows)).toEqual([
      flow('program:ab (bash load.sh)', {
        process: proc({ pid: null, exited: null, parent: { pid: 1, comm: null }, self: true }),
        pids: { listed: [100, 101], more: 0 },
        established: 2,
        timeWait: 4,
        portsHeld: 6,
        openPerSec: 1,
        closePerSec: 0.5,
        opened: 20,
        closed: 18,
        closedFirst: 18,
        bytesSent: 2 ** 40 + 1,
        bytesReceived: 4000,
        lifetimeMs: { p50: null, p99: null },
        connectMs: { p50: null, p99: null },
        firstSeen: 4,
        lastSeen: 9,
        lowerBound: true,
      }),
    ]);
  });

  it('has every field of a flow, and is valid', () => {
    const [row] = grouped('program', [flow('a'), flow('b', { process: proc({ pid: 101 }) })]);
    expect(Object.keys(row ?? {}).sort()).toEqual(Object.keys(FlowRow.properties).sort());
    const topics = { flows: { rows: [row], total: 1, other: null } };
    expect(snapshotBodyFault({ time: 1, epoch: 'e', seq: 1, topics })).toBeNull();
  });

  it.each(['pod', 'workload', 'container'] as const)(
    'is of one %s, or of all processes without one',
    (field) => {
      const one = proc({ [field]: 'prod/db' });
      const rows = [flow('a', { process: one }), flow('b', { process: one }), flow('c')];
      const found = grouped(field, rows).map(({ key, process, opened }) => [key, process[field], opened]);
      expect(found).toEqual([
        [`${field}:prod/db`, 'prod/db', 20],
        [field, null, 10],
      ]);
    },
  );

  it('says that a workload was guessed, also of pods that differ', () => {
    const of = (pod: string) => proc({ workload: 'prod/web', workloadGuessed: true, pod });
    const [row] = grouped('workload', [
      flow('a', { process: of('prod/web-0') }),
      flow('b', { process: of('prod/web-1') }),
    ]);
    expect(row?.process).toMatchObject({ workload: 'prod/web', workloadGuessed: true, pod: null });
  });

  it('of one member is that member, quantiles and all', () => {
    const row = flow('a');
    expect(grouped('netns', [row])).toEqual([{ ...row, key: 'netns:4026531840' }]);
  });

  it('lists its processes once each: those that live first, then in order, and how many there are besides', () => {
    const of = (pid: number | null, exited: boolean, at = 0) =>
      flow(`${pid}.${at}`, { process: proc({ pid, exited }) });
    const [row] = grouped('program', [of(9, true), of(7, false), of(7, false, 1), of(3, true)]);
    expect(row?.pids).toEqual({ listed: [7, 3, 9], more: 0 });
    const [one] = grouped('program', [of(7, false), of(7, false, 1)]);
    expect([one?.process.pid, one?.pids]).toEqual([7, null]);
    const many = Array.from({ length: 1000 }, (_, at) => of(1000 - (at >> 1), at >= 500, at));
    const [all] = grouped('program', many);
    expect(all?.pids?.listed).toEqual(Array.from({ length: 16 }, (_, at) => 751 + at));
    expect(all?.pids?.more).toBe(500 - 16);
  });

  it('of rolled up processes says how many more there are, or that this is not known', () => {
    const ended = (key: string, listed: number[], more: number | null) =>
      flow(key, { process: proc({ pid: null, exited: true }), pids: { listed, more } });
    const live = flow('live', { process: proc({ pid: 50 }) });
    const pids = (...rows: FlowRow[]) => grouped('program', rows)[0]?.pids;
    expect(pids(live, ended('a', [1, 2], 40))).toEqual({ listed: [50, 1, 2], more: 40 });
    expect(pids(live, ended('a', [1], 40), ended('b', [2], 9))).toEqual({ listed: [50, 1, 2], more: null });
    expect(pids(live, ended('a', [1], null))).toEqual({ listed: [50, 1], more: null });
    const unknown = flow('unknown', { process: proc({ pid: null }) });
    expect(pids(live, unknown)).toEqual({ listed: [50], more: null });
    expect(pids(unknown, { ...unknown, key: 'two' })).toBeNull();
  });

  it('takes unknown for nothing, and a sum of unknowns for unknown', () => {
    const [row] = grouped('unit', [
      flow('a', { opened: null, failed: null }),
      flow('b', { opened: 3, failed: null }),
    ]);
    expect([row?.opened, row?.failed]).toEqual([3, null]);
  });

  it.each([
    ['program', 'program:x', { program: 'x' }, { program: null }],
    ['unit', 'unit:x', { process: proc({ unit: 'x' }) }, { process: proc({ unit: null }) }],
    [
      'destination',
      'destination:[::1]:80',
      { destination: { address: '::1', port: 80 } },
      { destination: { address: null, port: null } },
    ],
    ['netns', 'netns:7', { netns: 1, netnsId: '7' }, { netns: null }],
  ] as const)('by %s has a key of its own, also for what is not known', (group, key, known, unknown) => {
    const keys = grouped(group, [flow('a', known), flow('b', unknown)]).map((row) => row.key);
    expect(keys).toEqual([key, group]);
  });

  it('loses its row with its last member, and gives up a member that moves', () => {
    const grouping = new Grouping('program');
    const set = (key: string, program: string) => ({ key, entry: new Entry(flow(key, { program })) });
    grouping.apply([set('a', 'x'), set('b', 'x')]);
    const moved = grouping.apply([set('a', 'y')]);
    expect(moved.map(({ key, entry }) => [key, (entry?.row as FlowRow | undefined)?.opened])).toEqual([
      ['program:x', 10],
      ['program:y', 10],
    ]);
    expect(grouping.apply([{ key: 'b', entry: null }])).toEqual([{ key: 'program:x', entry: null }]);
  });
});
