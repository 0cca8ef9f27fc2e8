/**
 * Who gets a series, what `other` is, and that counters only grow.
 */
import { describe, expect, it } from 'vitest';
import { CounterFamily } from '../../../../src/publish/metrics/counter.js';
import { type Candidate, GaugeKeys } from '../../../../src/publish/metrics/gauge.js';
import { GrowthMeter } from '../../../../src/publish/metrics/growth.js';
import { IDLE_MS, SeriesAdmission } from '../../../../src/publish/metrics/series-admission.js';

const grew = (program: string, by: number) => ({ labels: { program }, by });
const values = (family: CounterFamily) =>
  Object.fromEntries(family.series().map(({ labels, value }) => [labels.program, value]));

describe('a family of counters', () => {
  it('gives the largest newcomers a series and counts the rest as other', () => {
    const family = new CounterFamily(['program'], new SeriesAdmission(2));
    family.take([grew('a', 1), grew('b', 5), grew('c', 3)], 0);
    expect(values(family)).toEqual({ b: 5, c: 3, other: 1 });
  });

  it('keeps a member however little it grows, and takes no other in its place', () => {
    const family = new CounterFamily(['program'], new SeriesAdmission(1));
    family.take([grew('a', 1)], 0);
    family.take([grew('b', 1000), grew('a', 1)], IDLE_MS - 1);
    family.take([grew('b', 1000)], 2 * IDLE_MS - 2);
    expect(values(family)).toEqual({ a: 2, other: 2000 });
  });

  it('gives up the series of a key that was idle for 15 min; other does not grow by it', () => {
    const family = new CounterFamily(['program'], new SeriesAdmission(1));
    family.take([grew('a', 7)], 0);
    family.take([grew('b', 1)], IDLE_MS);
    expect(values(family)).toEqual({ b: 1, other: 0 });
  });

  it('adds what one series grew by in several places', () => {
    const family = new CounterFamily(['program']);
    family.take([grew('a', 1), grew('a', 2)], 0);
    expect(values(family)).toEqual({ a: 3, other: 0 });
  });
});

interface Row {
  name: string;
  count: number;
  scope?: string;
}

describe('growth of rows that roll up', () => {
  const meterOf = () =>
    new GrowthMeter<Row>(({ name, count, scope = '' }) => ({ labels: { program: name }, scope, count }));
  const row = (name: string, count: number, scope?: string): Row => ({
    name,
    count,
    ...(scope && { scope }),
  });

  it('is nothing when a row vanishes into another of its series', () => {
    const meter = meterOf();
    meter.take([
      { before: null, after: row('curl', 5) },
      { before: null, after: row('curl', 2) },
    ]);
    const rolledUp = meter.take([
      { before: row('curl', 5), after: null },
      { before: row('curl', 2), after: row('curl', 8) },
    ]);
    expect(rolledUp).toEqual([grew('curl', 1)]);
  });

  it('is nothing when the row it vanishes into goes by another name', () => {
    const rolledUp = meterOf().take([
      { before: row('bash b.sh', 5), after: null },
      { before: row('bash a.sh', 2), after: row('bash a.sh', 8) },
      { before: row('curl', 2), after: row('curl', 3) },
    ]);
    expect(rolledUp.reduce((sum, { by }) => sum + by, 0)).toBe(2);
  });

  it('is not hidden by what vanishes elsewhere', () => {
    const meter = meterOf();
    expect(
      meter.take([
        { before: row('curl', 5, 'db'), after: null },
        { before: null, after: row('curl', 3, 'web') },
      ]),
    ).toEqual([grew('curl', 3)]);
    expect(meter.take([{ before: null, after: row('curl', 4, 'db') }])).toEqual([grew('curl', 4)]);
  });

  it('waits until what was taken back has been counted again', () => {
    const meter = meterOf();
    expect(meter.take([{ before: row('curl', 5), after: row('curl', 3) }])).toEqual([]);
    expect(meter.take([{ before: row('curl', 3), after: row('curl', 4) }])).toEqual([]);
    expect(meter.take([{ before: row('curl', 4), after: row('curl', 8) }])).toEqual([grew('curl', 3)]);
  });

  it('of a row that gets another name goes to the new one, from then on', () => {
    const meter = meterOf();
    expect(meter.take([{ before: row('curl', 5), after: row('curl (bash)', 7) }])).toEqual([
      grew('curl (bash)', 2),
    ]);
  });
});

describe('gauges that share their keys', () => {
  const candidate = (key: string, weight: number): Candidate<number> => ({
    key,
    labels: { key },
    weight,
    value: weight,
  });
  const names = ({ members }: ReturnType<GaugeKeys<number>['select']>) =>
    members.map(({ labels }) => labels.key);

  it('give series to the heaviest and leave the rest to other', () => {
    const keys = new GaugeKeys<number>(new SeriesAdmission(2));
    const selection = keys.select([candidate('a', 1), candidate('b', 3), candidate('c', 2)], 0);
    expect(names(selection)).toEqual(['b', 'c']);
    expect(selection.rest).toEqual([1]);
  });

  it('do not change places for a little, but do for the one that weighs twice as much', () => {
    const keys = new GaugeKeys<number>(new SeriesAdmission(1));
    keys.select([candidate('a', 10)], 0);
    expect(names(keys.select([candidate('a', 10), candidate('b', 19)], 1))).toEqual(['a']);
    expect(names(keys.select([candidate('a', 10), candidate('b', 20)], 2))).toEqual(['b']);
  });

  it('keep a member that is gone until it is idle', () => {
    const keys = new GaugeKeys<number>(new SeriesAdmission(2));
    keys.select([candidate('a', 10)], 0);
    expect(keys.select([], IDLE_MS - 1).members).toEqual([{ labels: { key: 'a' }, value: null }]);
    expect(keys.select([], IDLE_MS).members).toEqual([]);
  });

  it('give no series to what holds nothing', () => {
    expect(new GaugeKeys<number>().select([candidate('a', 0)], 0)).toEqual({ members: [], rest: [0] });
  });
});
