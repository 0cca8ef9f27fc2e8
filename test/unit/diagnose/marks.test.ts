/** Which incident a row or an annotation belongs to: by namespace, place and time. */
import { describe, expect, it } from 'vitest';
import { incidentOf, marksOf } from '../../../src/diagnose/marks.js';
import { MarkedReplica } from '../../../src/diagnose/replica/marked-replica.js';
import type { FailureRow } from '../../../src/protocol/rows.js';
import { failure, incident } from '../publish/rows.js';

const T = 1_700_000_000_000;
const HERE = { netns: 1, netnsId: '1' };
const TO = { address: '10.0.0.9', port: 80 };
const row = incident('i', {
  ...HERE,
  destination: TO,
  budget: '1/b',
  since: T,
  until: T + 10_000,
  state: 'over',
});

describe('an annotation', () => {
  const of = incidentOf([row]);

  it.each([
    ['its budget', '1/b', { ...HERE, destination: TO }],
    ['its destination, toward another budget', '1/c', { ...HERE, destination: TO }],
    ['a setting of its namespace', '1/', HERE],
  ])('belongs to the incident of %s', (_, budget, subject) => {
    expect(of(T, budget, subject)).toBe('i');
  });

  it.each([
    ['everything', null, null],
    ['another namespace with the same address', '2/b', { netns: 1, netnsId: '2', destination: TO }],
    ['another destination', '1/c', { ...HERE, destination: { ...TO, port: 81 } }],
    ['a setting of another namespace', '2/', { netns: 2, netnsId: '2' }],
  ])('about %s belongs to none', (_, budget, subject) => {
    expect(of(T, budget, subject)).toBeNull();
  });

  it('belongs to it from a minute before until a minute after, and as long as it lasts', () => {
    const at = (time: number, one = of) => one(time, '1/b', { ...HERE, destination: TO });
    expect([at(T - 60_001), at(T - 60_000), at(T + 70_000), at(T + 70_001)]).toEqual([null, 'i', 'i', null]);
    expect(at(T + 1e9, incidentOf([{ ...row, until: null }]))).toBe('i');
  });
});

describe('a row', () => {
  const account = (key: string, failures: FailureRow[]) => ({
    row: incident(key, { budget: 'b' }),
    budget: null,
    failures,
    failsSince: null,
    isOnAndOff: false,
    forecast: null,
  });

  it('belongs to the worst of two incidents that are about it', () => {
    const [f, g] = [failure('f'), failure('g')];
    const { budgets, failures } = marksOf([account('worst', [f]), account('other', [f, g])]);
    expect([...budgets]).toEqual([['b', 'worst']]);
    expect([...failures]).toEqual([
      ['f', 'worst'],
      ['g', 'other'],
    ]);
  });

  it('is sent again when its incident begins and ends, and keeps it when it changes', () => {
    let next: FailureRow[] = [failure('f'), failure('g')];
    const replica = new MarkedReplica<'failures'>({ collect: () => ({ set: next, del: [] }) });
    let time = 0;
    const sent = () => replica.collect(++time).set.map(({ key, incident, count }) => [key, incident, count]);
    const [count] = next.map((one) => one.count);
    expect(sent()).toEqual([
      ['f', null, count],
      ['g', null, count],
    ]);
    next = [];
    replica.mark(
      new Map([
        ['f', 'i'],
        ['gone', 'i'],
      ]),
    );
    expect(sent()).toEqual([['f', 'i', count]]);
    next = [failure('f', { count: 99 })];
    expect(sent()).toEqual([['f', 'i', 99]]);
    next = [];
    replica.mark(new Map());
    expect(sent()).toEqual([['f', null, 99]]);
    replica.mark(new Map());
    expect(sent()).toEqual([]);
  });
});
