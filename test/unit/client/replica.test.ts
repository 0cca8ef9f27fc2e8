import { describe, expect, it } from 'vitest';
import {
  disconnected,
  initial,
  type Replica,
  receive,
  type Step,
  setPace,
  setQuery,
} from '../../../src/client/replica.js';
import type { DeltaOf, Hello, ServerFrame, SnapshotOf } from '../../../src/protocol/frames.js';
import type { FlowRow } from '../../../src/protocol/rows.js';
import { flow } from '../publish/rows.js';

const HELLO: Hello = {
  type: 'hello',
  protocol: 1,
  version: '0.1.0',
  host: 'web-3',
  epoch: 'e1',
  mode: 'ebpf',
  verdictPath: 'ehash',
  limits: [],
  intervalMs: 1000,
  topics: ['flows', 'events'],
  kernel: '6.12.9',
};

function snapshot(sub: string, seq: number, rows: FlowRow[]): SnapshotOf<'flows'> {
  return {
    type: 'snapshot',
    sub,
    topic: 'flows',
    seq,
    time: seq * 1000,
    rows,
    total: rows.length,
    other: null,
  };
}

function delta(
  sub: string,
  prev: number,
  seq: number,
  parts: Partial<DeltaOf<'flows'>> = {},
): DeltaOf<'flows'> {
  const head = { type: 'delta', sub, topic: 'flows', seq, prev, time: seq * 1000 } as const;
  return { ...head, set: [], del: [], total: 1, other: null, ...parts };
}

/** Takes the frames in one after the other; keeps what the last one made the page send. */
function run(state: Replica, ...frames: ServerFrame[]): Step {
  return frames.reduce<Step>((step, frame) => receive(step.replica, frame), { replica: state, send: [] });
}

const flowsOf = (state: Replica) => state.tables.flows;
const keysOf = (state: Replica) => [...flowsOf(state).rows.keys()];
const live = () => run(initial(), HELLO, snapshot('flows.1', 3, [flow('a'), flow('b')])).replica;

describe('subscribing', () => {
  it('asks at hello for the tables the service has, and for no other', () => {
    const prepared = setQuery(initial(), 'flows', { sort: '-portsHeld', limit: 200 });
    expect(prepared.send).toEqual([]);
    expect(run(prepared.replica, HELLO).send).toEqual([
      { type: 'subscribe', sub: 'flows.1', topic: 'flows', sort: '-portsHeld', limit: 200 },
    ]);
  });

  it('keeps the old rows until the snapshot of the new query, then ends the old subscription', () => {
    const asked = setQuery(live(), 'flows', { filter: 'pid:1' });
    expect(asked.send).toEqual([{ type: 'subscribe', sub: 'flows.2', topic: 'flows', filter: 'pid:1' }]);
    const between = run(asked.replica, delta('flows.1', 3, 4, { set: [flow('c')] })).replica;
    expect(keysOf(between)).toEqual(['a', 'b', 'c']);
    expect(flowsOf(between).shown).toEqual({});
    const { replica: state, send } = run(between, snapshot('flows.2', 4, [flow('c')]));
    expect(send).toEqual([{ type: 'unsubscribe', sub: 'flows.1' }]);
    expect(keysOf(state)).toEqual(['c']);
    expect(flowsOf(state).shown).toEqual({ filter: 'pid:1' });
  });

  it('gives up a query that was never answered when the next one comes', () => {
    const once = setQuery(live(), 'flows', { filter: 'pid:1' });
    const { send, replica: state } = setQuery(once.replica, 'flows', { filter: 'pid:12' });
    expect(send.map((frame) => [frame.type, frame.sub])).toEqual([
      ['unsubscribe', 'flows.2'],
      ['subscribe', 'flows.3'],
    ]);
    expect(keysOf(run(state, snapshot('flows.2', 5, [])).replica)).toEqual(['a', 'b']);
  });

  it('asks for a slower pace when hidden and for the usual one when seen again', () => {
    const hidden = setPace(live(), 5000);
    expect(hidden.send).toEqual([{ type: 'subscribe', sub: 'flows.2', topic: 'flows', intervalMs: 5000 }]);
    expect(setPace(hidden.replica, 5000).send).toEqual([]);
    expect(setPace(hidden.replica, null).send.at(-1)).toEqual({
      type: 'subscribe',
      sub: 'flows.3',
      topic: 'flows',
    });
  });
});

describe('refusals', () => {
  const refusal = { type: 'error', code: 'BAD_FILTER', message: 'unknown key', column: 4 } as const;

  it('leave the rows alive and say where the filter is wrong', () => {
    const asked = setQuery(live(), 'flows', { filter: 'ab foo:1' }).replica;
    const refused = run(asked, { ...refusal, sub: 'flows.2' }).replica;
    expect(flowsOf(refused).refusal).toEqual({ code: 'BAD_FILTER', message: 'unknown key', column: 4 });
    expect(keysOf(run(refused, delta('flows.1', 3, 4, { set: [flow('c')] })).replica)).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(flowsOf(setQuery(refused, 'flows', {}).replica).refusal).toBeNull();
  });

  it('of the filter a page starts with show everything below the error', () => {
    const started = run(setQuery(initial(), 'flows', { filter: 'foo:1', limit: 9 }).replica, HELLO).replica;
    const { replica: state, send } = run(started, { ...refusal, sub: 'flows.1' });
    expect(send).toEqual([{ type: 'subscribe', sub: 'flows.2', topic: 'flows', limit: 9 }]);
    expect(flowsOf(run(state, snapshot('flows.2', 1, [flow('a')])).replica).refusal?.code).toBe('BAD_FILTER');
  });

  it('of a live subscription subscribe anew, once', () => {
    const gone = { type: 'error', code: 'UNKNOWN_SUBSCRIPTION', message: 'no such sub' } as const;
    const again = run(live(), { ...gone, sub: 'flows.1' });
    expect(again.send).toEqual([{ type: 'subscribe', sub: 'flows.2', topic: 'flows' }]);
    expect(run(again.replica, { ...gone, sub: 'flows.2' }).send).toEqual([]);
  });

  it('without a table concern the whole page', () => {
    const { replica: state } = run(live(), { type: 'error', code: 'TOO_MANY', message: 'too many clients' });
    expect(state.refusal?.code).toBe('TOO_MANY');
  });
});

describe('deltas', () => {
  it('set whole rows, delete keys and carry the totals on', () => {
    const changed = flow('a', { opened: 99 });
    const { replica: state, send } = run(
      live(),
      delta('flows.1', 3, 7, { set: [changed], del: ['b'], total: 5 }),
    );
    expect(send).toEqual([]);
    expect(flowsOf(state).rows).toEqual(new Map([['a', changed]]));
    expect(flowsOf(state)).toMatchObject({ seq: 7, total: 5 });
    expect(state.time).toBe(7000);
  });

  it('without change keep the very same rows, so that nothing redraws', () => {
    const before = live();
    expect(flowsOf(run(before, delta('flows.1', 3, 4)).replica).rows).toBe(flowsOf(before).rows);
  });

  it('after a gap ask once for a resync and wait for its snapshot', () => {
    const gap = run(live(), delta('flows.1', 4, 5, { set: [flow('z')] }));
    expect(gap.send).toEqual([{ type: 'resync', sub: 'flows.1' }]);
    const more = run(gap.replica, delta('flows.1', 5, 6, { del: ['a'] }));
    expect(more.send).toEqual([]);
    expect(keysOf(more.replica)).toEqual(['a', 'b']);
    const mended = run(
      more.replica,
      snapshot('flows.1', 6, [flow('z')]),
      delta('flows.1', 6, 7, { set: [flow('y')] }),
    );
    expect(mended.send).toEqual([]);
    expect(keysOf(mended.replica)).toEqual(['z', 'y']);
  });

  it('of a subscription that ended are ignored', () => {
    const { replica: state, send } = run(live(), delta('flows.0', 3, 4, { del: ['a'] }));
    expect(send).toEqual([]);
    expect(keysOf(state)).toEqual(['a', 'b']);
  });
});

describe('a lost link', () => {
  it('keeps the rows, and the same service replaces them with its first snapshot', () => {
    const lost = disconnected(live());
    expect(keysOf(lost)).toEqual(['a', 'b']);
    const back = run(lost, HELLO);
    expect(back.send).toEqual([{ type: 'subscribe', sub: 'flows.2', topic: 'flows' }]);
    expect(keysOf(back.replica)).toEqual(['a', 'b']);
    expect(keysOf(run(back.replica, snapshot('flows.2', 9, [flow('c')])).replica)).toEqual(['c']);
  });

  it('starts over when another epoch answers, with the queries kept', () => {
    const filtered = setQuery(live(), 'flows', { filter: 'pid:1' }).replica;
    const { replica: state, send } = run(disconnected(filtered), { ...HELLO, epoch: 'e2' });
    expect(keysOf(state)).toEqual([]);
    expect(flowsOf(state).shown).toBeNull();
    expect(send).toMatchObject([{ type: 'subscribe', filter: 'pid:1' }]);
  });
});
