import { describe, expect, it } from 'vitest';
import { Subscriptions } from '../../../src/client/subscriptions.js';
import type { ClientFrame, ServerFrame } from '../../../src/protocol/frames.js';
import { flow } from '../publish/rows.js';
import { HELLO } from './hello.js';

describe('a subscription beside the tables', () => {
  const table = { topic: 'flows', seq: 1, time: 0, total: 1, other: null } as const;

  it('rebuilds its table, resyncs after a gap, starts over at hello and ends when closed', () => {
    const sent: ClientFrame[] = [];
    const seen: string[][] = [];
    const sides = new Subscriptions('side', (frame) => sent.push(frame));
    const close = sides.table({ topic: 'flows', filter: 'pid:1' }, (rows) => seen.push([...rows.keys()]));
    const sub = sent[0]?.sub ?? '';
    const take = (frame: object) => sides.receive({ ...table, sub, ...frame } as ServerFrame);
    take({ type: 'snapshot', rows: [flow('a'), flow('b')] });
    take({ type: 'delta', prev: 1, seq: 2, set: [flow('c')], del: ['a'] });
    take({ type: 'delta', prev: 5, seq: 6, set: [flow('d')], del: [] });
    expect(seen).toEqual([
      ['a', 'b'],
      ['b', 'c'],
    ]);
    sides.receive(HELLO);
    close();
    sides.receive(HELLO);
    expect(sent.map(({ type }) => type)).toEqual(['subscribe', 'resync', 'subscribe', 'unsubscribe']);
  });

  it('hands on the port map of a budget until that has ended, and is not asked for again', () => {
    const sent: ClientFrame[] = [];
    const seen: string[] = [];
    const sides = new Subscriptions('side', (frame) => sent.push(frame));
    const close = sides.ports('key', {
      frame: ({ cells }) => seen.push(cells),
      refused: ({ code }) => seen.push(code),
    });
    const sub = sent[0]?.sub ?? '';
    const map = {
      type: 'ports',
      sub,
      seq: 1,
      time: 0,
      budget: 'key',
      first: 1,
      owners: [],
      cells: 'AAAAAA==',
    };
    sides.receive(map as ServerFrame);
    sides.receive({ type: 'error', sub, code: 'NOT_FOUND', message: '' });
    sides.receive(HELLO);
    close();
    expect(seen).toEqual(['AAAAAA==', 'NOT_FOUND']);
    expect(sent).toEqual([{ type: 'subscribe', sub, topic: 'ports', budget: 'key' }]);
  });
});
