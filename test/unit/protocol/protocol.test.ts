import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { asyncApi } from '../../../src/protocol/asyncapi.js';
import type { PortchurnError } from '../../../src/protocol/errors.js';
import { TABLE_TOPICS } from '../../../src/protocol/frames.js';
import { checkClientFrame, serverFrameFault, snapshotBodyFault } from '../../../src/protocol/validate.js';
import { fieldsOf } from '../../../src/query/fields.js';
import { budget, event, failure, finding, flow, incident, totals, verdict } from '../publish/rows.js';

const ROWS = {
  totals: totals('n'),
  flows: flow('a'),
  budgets: budget('b'),
  failures: failure('f'),
  incidents: incident('i'),
  findings: finding('x'),
  verdict: verdict(),
};
/** A field of every topic's row, and what it never is. */
const BROKEN = { netns: 'host', since: 'long ago' };
const table = { rows: [], total: 0, other: null };

describe('client frames', () => {
  it.each([
    { type: 'subscribe', sub: 'x', topic: 'flows' },
    { type: 'subscribe', sub: 'x', topic: 'events', filter: 'pid:1', intervalMs: 2000 },
    { type: 'subscribe', sub: 'x', topic: 'flows', sort: '-timeWait', limit: 5000, group: 'program' },
    { type: 'unsubscribe', sub: 'x' },
    { type: 'resync', sub: 'x'.repeat(128) },
  ])('such as %j are taken as they are', (frame) => {
    expect(checkClientFrame(frame)).toBe(frame);
  });

  it.each([
    [{ type: 'subscribe', sub: 'x', topic: 'flows', limit: 0 }, 'BAD_FRAME', /limit/],
    [{ type: 'subscribe', sub: 'x', topic: 'flows', filter: 'x'.repeat(4097) }, 'BAD_FRAME', /filter/],
    [{ type: 'subscribe', sub: 7, topic: 'flows' }, 'BAD_FRAME', /sub/],
    [{ type: 'subscribe', sub: 'x', topic: 7 }, 'BAD_FRAME', /topic/],
    [{ type: 'subscribe', sub: 'x', topic: 'verdicts' }, 'UNKNOWN_TOPIC', /totals, flows/],
    [{ type: 'unsubscribe' }, 'BAD_FRAME', /sub/],
    [{ type: ['subscribe'] }, 'UNKNOWN_TYPE', /subscribe, unsubscribe, resync/],
    ['subscribe', 'BAD_FRAME', /object/],
    [[], 'BAD_FRAME', /object/],
    [undefined, 'BAD_FRAME', /object/],
  ])('such as %j are refused, naming the fault', (frame, code, message) => {
    expect(() => checkClientFrame(frame)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }) as PortchurnError,
    );
  });
});

describe('server frames', () => {
  it.each(TABLE_TOPICS)('of %s are checked down to the row', (topic) => {
    const frame = {
      type: 'snapshot',
      sub: 'x',
      topic,
      seq: 1,
      time: 2,
      rows: [ROWS[topic]],
      total: 1,
      other: null,
    };
    expect(serverFrameFault(frame)).toBeNull();
    const broken = { ...frame, rows: [{ ...ROWS[topic], ...BROKEN }] };
    expect(serverFrameFault(broken)).toMatch(/\/rows\/0\/(netns|since)/);
    const { rows: _, ...rest } = frame;
    const delta = {
      ...rest,
      type: 'delta',
      prev: 0,
      set: [ROWS[topic]],
      del: ['k'],
      other: { rows: 1, opened: null },
    };
    expect(serverFrameFault(delta)).toBeNull();
    expect(serverFrameFault({ ...delta, prev: null } as never)).toContain('/prev');
    expect(snapshotBodyFault({ time: 1, epoch: 'e', seq: 1, topics: { [topic]: table } })).toBeNull();
    expect(snapshotBodyFault({ time: 1, epoch: 'e', seq: 1, topics: { [topic]: {} } })).not.toBeNull();
  });

  it('of events are checked down to the event', () => {
    const frame = { type: 'events', sub: 'x', seq: 1, time: 2, events: [event()], dropped: 0 };
    expect(serverFrameFault(frame)).toBeNull();
    const broken = { ...frame, events: [{ ...event(), end: 'happy' }] };
    expect(serverFrameFault(broken)).toContain('/events/0/end');
    expect(serverFrameFault({ type: 'nosuch' })).toContain('nosuch');
  });
});

describe('row schemas', () => {
  it('say which fields there are, and which of them add up', () => {
    const sums = (topic: 'flows' | 'failures' | 'budgets') =>
      [...fieldsOf(topic).values()].filter((field) => field.sums).map((field) => field.path);
    expect(sums('failures')).toEqual(['count', 'perSec', 'unanswered', 'unansweredPerSec']);
    const rates = ['openPerSec', 'demandPerSec', 'recycled', 'recycledPerSec'];
    expect(sums('budgets')).toEqual(['used', 'timeWait', 'established', 'other', 'bound', ...rates]);
    expect(sums('flows')).toContain('bytesReceived');
    expect(fieldsOf('flows').get('process.parent.comm')).toMatchObject({ kind: 'text', sums: false });
    expect(fieldsOf('flows').get('lifetimeMs.p99')).toMatchObject({ kind: 'number', sums: false });
    expect(fieldsOf('flows').get('lowerBound')).toMatchObject({ kind: 'boolean' });
    expect(fieldsOf('events').get('closer.pid')).toMatchObject({ kind: 'number' });
    expect(fieldsOf('flows').has('process')).toBe(false);
  });

  it('are published as AsyncAPI: `npx vitest run --project unit protocol -u` brings the file up to date', async () => {
    const text = stringify(asyncApi(), { aliasDuplicateObjects: false });
    await expect(text).toMatchFileSnapshot('../../../docs/asyncapi.yaml');
  });
});
