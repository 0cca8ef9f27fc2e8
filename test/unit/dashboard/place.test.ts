import { describe, expect, it } from 'vitest';
import { newFailures, pauseWords } from '../../../dashboard/state/pause.js';
import { type Place, placeOf, queryOf, START } from '../../../dashboard/state/place.js';
import { concerns, eventFilter, failureFilter, rowFilter } from '../../../dashboard/state/subject.js';
import { MOST_LINES, NO_TRACE, take } from '../../../dashboard/state/trace.js';
import { initial, type Replica, receive, setQuery } from '../../../src/client/replica.js';
import type { EventsFrame } from '../../../src/protocol/frames.js';
import { parseFilter } from '../../../src/query/filter/parse.js';
import { sumRows } from '../../../src/query/group.js';
import { comparator, MOST_HELD, rerank, unranked } from '../../../src/view/order.js';
import { HELLO } from '../client/hello.js';
import { event, failure, flow, proc } from '../publish/rows.js';

describe('an address', () => {
  const full: Place = {
    filter: 'dst:[2001:db8::1]:443 "a&b=c#d" %',
    group: 'unit',
    sort: { column: 'process.comm', descending: false },
    row: 'unit:<img src=x>&+ ?#.service',
    incident: 'ports:1:::1:[2001:db8::1]:443@1',
    netns: 'blue & "green"',
    budget: { budget: '1/10.0.0.1/[2001:db8::9]:443' },
    zoom: [1_764_000_000, 1_764_000_060],
  };

  it('brings back the very place it was made of', () => {
    expect(placeOf(queryOf(full))).toEqual(full);
    expect(placeOf(queryOf(START))).toEqual(START);
    const totals: Place = { ...START, budget: { budget: null } };
    expect(placeOf(queryOf(totals))).toEqual(totals);
  });

  it('is bare for the page as it opens, and never touches the fragment', () => {
    expect(queryOf(START)).toBe('');
    expect(queryOf(full)).not.toContain('#');
  });

  it('takes what it does not know for the start', () => {
    expect(placeOf('?group=nosuch&sort=&filter=&other=1&zoom=9-3')).toEqual(START);
  });
});

describe('a pause', () => {
  const hello = receive(initial(), HELLO).replica;
  const withFailures = (count: number, hidden: number, state: Replica = hello) => {
    const table = { ...state.tables.failures, shown: {}, rows: new Map([['f', failure('f', { count })]]) };
    const other = { rows: 1, count: hidden };
    return { ...state, tables: { ...state.tables, failures: { ...table, other } } };
  };
  const pause = { since: 1_000, state: withFailures(5, 2) };

  it('says how long, that data goes on, and what it misses', () => {
    const words = pauseWords(pause, withFailures(7, 3), 43_900, false);
    expect(words).toBe('PAUSED 0:42 · live data continues · 3 new failures');
    expect(pauseWords(pause, withFailures(6, 2), 1_000, true)).toBe(
      'PAUSED 0:00 · no live data either · 1 new failure',
    );
  });

  it('does not count what it cannot compare', () => {
    expect(newFailures(pause, { ...withFailures(9, 9), hello: { ...HELLO, epoch: 'e2' } })).toBeNull();
    expect(newFailures({ ...pause, state: hello }, withFailures(9, 9))).toBeNull();
    expect(pauseWords({ ...pause, state: hello }, hello, 61_000, false)).toBe(
      'PAUSED 1:00 · live data continues',
    );
  });
});

describe('a live trace', () => {
  const frame = (events: number, dropped = 0): EventsFrame => ({
    type: 'events',
    sub: 's',
    seq: 1,
    time: 0,
    events: Array.from({ length: events }, (_, time) => event({ time })),
    dropped,
  });

  it('keeps the newest on top, bounded, and counts what it does not show', () => {
    const trace = [frame(150, 7), frame(0), frame(150)].reduce(take, NO_TRACE);
    expect(trace).toMatchObject({ seen: 307, dropped: 7 });
    expect(trace.lines.length).toBe(MOST_LINES);
    expect(trace.lines[0]).toMatchObject({ number: 306, event: { time: 149 } });
    expect(new Set(trace.lines.map(({ number }) => number)).size).toBe(MOST_LINES);
  });

  it('is the same object when nothing came', () => {
    const trace = take(NO_TRACE, frame(1));
    expect(take(trace, frame(0))).toBe(trace);
  });
});

describe('the filters of an open row', () => {
  const hostile = 'a "b\\" pid:1 !x';
  const row = flow('p1.2|out|a', {
    program: hostile,
    process: proc({ pid: 7, unit: hostile, comm: hostile }),
  });

  it('let the row through, whatever its names are', () => {
    expect(parseFilter(rowFilter(null, row.key) ?? '').matches(row)).toBe(true);
    for (const group of ['program', 'unit', 'destination', 'netns'] as const) {
      const value = {
        program: hostile,
        unit: hostile,
        destination: '10.0.0.9:5432',
        netns: String(row.netns),
      };
      const member = { ...row, destination: { ...row.destination, address: '10.0.0.9', port: 5432 } };
      expect(parseFilter(rowFilter(group, `${group}:${value[group]}`) ?? '').matches(member), group).toBe(
        true,
      );
      expect(rowFilter(group, group)).toBeNull();
    }
  });

  it('trace its process in the kernel, or those called like a program of ended ones', () => {
    expect(parseFilter(eventFilter(row) ?? '').pids).toEqual([7]);
    const ended = flow('g', {
      process: proc({ pid: null, comm: hostile, parent: { pid: 3, comm: 'sh' }, exited: true }),
    });
    const filter = parseFilter(eventFilter(ended) ?? '');
    const own = proc({ pid: 9, comm: hostile, parent: { pid: 3, comm: 'sh' } });
    expect(filter.matches(event({ process: own }))).toBe(true);
    expect(filter.matches(event({ process: own, type: 'transition' }))).toBe(false);
    expect(filter.matches(event({ process: { ...own, parent: { pid: 1, comm: 'init' } } }))).toBe(false);
  });

  it('trace nobody where there is nobody left, or nobody known', () => {
    expect(eventFilter(flow('d', { process: proc({ pid: 7, exited: true }) }))).toBeNull();
    expect(
      eventFilter(sumRows('unit', [row, flow('x', { process: proc({ pid: 8, comm: 'y' }) })])),
    ).toBeNull();
  });

  it('find its failures, not those of an earlier process with the same pid', () => {
    const at = (startTime: number) => failure('f', { process: proc({ pid: 7, startTime }) });
    const mine = { ...row, process: { ...row.process, startTime: 5_000 } };
    expect([at(5_000), at(90_000)].map((one) => concerns(mine, one))).toEqual([true, false]);
    expect(parseFilter(failureFilter(row) ?? '').matches(at(5_000))).toBe(true);
    const folded = failure('f', { program: hostile, process: proc({ pid: null }) });
    expect(concerns({ ...row, process: proc({ pid: null }) }, folded)).toBe(true);
  });
});

it('a sort that the service refuses leaves no empty page: it is asked for without', () => {
  const wished = setQuery(initial(), 'failures', { filter: 'pid:1', sort: '-nosuch' });
  const refused = (state: Replica, sub: string) =>
    receive(state, { type: 'error', code: 'USAGE', message: 'no', sub });
  const asked = receive(wished.replica, HELLO);
  const first = refused(asked.replica, asked.send[0]?.sub ?? '');
  expect(first.send).toMatchObject([{ type: 'subscribe', sort: '-nosuch' }]);
  expect(first.send[0]).not.toHaveProperty('filter');
  const second = refused(first.replica, first.send[0]?.sub ?? '');
  expect(second.send).toMatchObject([{ type: 'subscribe', topic: 'failures' }]);
  expect(second.send[0]).not.toHaveProperty('sort');
  expect(refused(second.replica, second.send[0]?.sub ?? '').send).toEqual([]);
});

it('an order that is held for hours stays bounded', () => {
  const by = comparator<{ key: string }>([]);
  let ranking = unranked<{ key: string }>();
  for (let round = 0; round < 20; round++) {
    const rows = Array.from({ length: 1000 }, (_, i) => ({ key: `${round}.${i}` }));
    const held = round > 0;
    ranking = rerank(ranking, new Map(rows.map((row) => [row.key, row])), by, {
      now: round,
      held,
      forced: false,
    });
    expect(ranking.rows.length).toBeLessThanOrEqual(MOST_HELD + 1000);
  }
});
