import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bytes,
  clock,
  clockMs,
  counted,
  duration,
  endpoint,
  host,
  integer,
  number,
  percent,
  rate,
  seconds,
  stamp,
  stampMs,
} from '../../../src/protocol/format.js';

const ALL = { bytes, clock, clockMs, duration, integer, number, percent, rate, seconds, stamp, stampMs };

it.each(Object.entries(ALL))('%s leaves unknown to whoever prints it', (_, write) => {
  expect([write(null), write(undefined)]).toEqual([null, null]);
});

describe('numbers', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [26_811, '26,811'],
    [28_232, '28,232'],
    [1_204_331, '1,204,331'],
  ])('the count %d is %s', (value, text) => expect(integer(value)).toBe(text));

  it.each([
    [3, '3'],
    [312.44, '312.4'],
    [1234.5, '1,234.5'],
    [0.04, '0'],
  ])('the number %d is %s', (value, text) => expect(number(value)).toBe(text));

  it.each([
    [0, '0'],
    [0.01, '<0.1'],
    [0.05, '0.1'],
    [0.34, '0.3'],
    [9.94, '9.9'],
    [9.96, '10.0'],
    [60, '60.0'],
    [65.5, '65.5'],
    [99.9, '99.9'],
    [99.94, '99.9'],
    [99.96, '100'],
    [312.4, '312'],
    [1234.5, '1,235'],
  ])('the rate %d is %s', (value, text) => expect(rate(value)).toBe(text));

  it.each([
    [1, '100 %'],
    [0.9999999, '99.9 %'],
    [1 - Number.EPSILON, '99.9 %'],
    [0.9996, '99.9 %'],
    [0.996, '99.6 %'],
    [0.57, '57 %'],
    [0.29, '29 %'],
    [0.12, '12 %'],
    [0.001, '0.1 %'],
    [0.0004, '<0.1 %'],
    [0, '0 %'],
  ])('the share %d is %s: only everything is 100 %%', (value, text) => expect(percent(value)).toBe(text));

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1234, '1.2 kB'],
    [999_940, '999.9 kB'],
    [999_950, '1.0 MB'],
    [3.4e6, '3.4 MB'],
    [1e18, '1000.0 PB'],
  ])('%d bytes are %s', (value, text) => expect(bytes(value)).toBe(text));
});

describe('times', () => {
  it.each([
    [-3, '0 s'],
    [0, '0 s'],
    [12.4, '12 s'],
    [59.4, '59 s'],
    [59.6, '1 min 0 s'],
    [59.95, '1 min 0 s'],
    [130, '2 min 10 s'],
    [3599.4, '59 min 59 s'],
    [3599.6, '1 h 0 min'],
    [3840, '1 h 4 min'],
    [3900, '1 h 5 min'],
    [7199, '1 h 59 min'],
    [86_399.6, '1 d 0 h'],
    [11_100, '3 h 5 min'],
    [90_000, '1 d 1 h'],
  ])('%d s are %s', (value, text) => expect(seconds(value)).toBe(text));

  it.each([
    [-20, '0 ms'],
    [0, '0 ms'],
    [0.04, '<0.1 ms'],
    [0.31, '0.3 ms'],
    [0.4, '0.4 ms'],
    [9.94, '9.9 ms'],
    [9.96, '10 ms'],
    [12, '12 ms'],
    [999.4, '999 ms'],
    [999.5, '1.0 s'],
    [999.6, '1.0 s'],
    [4200, '4.2 s'],
    [9949, '9.9 s'],
    [9951, '10 s'],
    [59_400, '59 s'],
    [59_950, '1 min 0 s'],
    [59_960, '1 min 0 s'],
    [130_000, '2 min 10 s'],
    [3_599_600, '1 h 0 min'],
    [11_100_000, '3 h 5 min'],
  ])('%d ms are %s', (value, text) => expect(duration(value)).toBe(text));
});

describe('a moment', () => {
  const moment = (month: number) => Date.UTC(2026, month - 1, 28, 13, 4, 41, 7);
  let before: string | undefined;
  beforeEach(() => {
    before = process.env.TZ;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });

  it('is the local time of day on a screen', () => {
    process.env.TZ = 'Europe/Berlin';
    expect(clock(moment(11))).toBe('14:04:41');
    expect(clockMs(moment(11))).toBe('14:04:41.007');
    expect(clock(new Date(2026, 0, 2, 4, 5, 6).getTime())).toBe('04:05:06');
  });

  it.each([
    ['Europe/Berlin', 11, '2026-11-28 14:04:41 UTC+01:00'],
    ['Europe/Berlin', 7, '2026-07-28 15:04:41 UTC+02:00'],
    ['UTC', 11, '2026-11-28 13:04:41 UTC+00:00'],
    ['America/St_Johns', 11, '2026-11-28 09:34:41 UTC-03:30'],
    ['Asia/Kathmandu', 11, '2026-11-28 18:49:41 UTC+05:45'],
    ['Pacific/Kiritimati', 11, '2026-11-29 03:04:41 UTC+14:00'],
  ])('carries date and zone where it is copied out: in %s, month %d', (zone, month, text) => {
    process.env.TZ = zone;
    expect(stamp(moment(month))).toBe(text);
    expect(stampMs(moment(month))).toBe(text.replace(' UTC', '.007 UTC'));
  });
});

describe('an address', () => {
  it.each([
    ['10.0.0.9', 5432, '10.0.0.9:5432'],
    ['2001:db8::1', 443, '[2001:db8::1]:443'],
    ['::ffff:10.0.0.1', 0, '[::ffff:10.0.0.1]:0'],
    ['10.0.0.9', null, '10.0.0.9:–'],
    ['2001:db8::1', null, '[2001:db8::1]:–'],
    [null, 80, '–:80'],
    [null, null, null],
  ])('%s and port %s are %s', (address, port, text) => expect(endpoint({ address, port })).toBe(text));

  it('says an unknown part as it is asked to', () => {
    expect(endpoint({ address: null, port: 80 }, '-')).toBe('-:80');
    expect(endpoint({ address: '10.0.0.9', port: null }, '?')).toBe('10.0.0.9:?');
  });

  it('has brackets only where it has colons', () => {
    expect([host('10.0.0.9'), host('::1')]).toEqual(['10.0.0.9', '[::1]']);
  });
});

it.each([
  [0, '0 ports'],
  [1, '1 port'],
  [2, '2 ports'],
  [28_232, '28,232 ports'],
])('%d is counted as %s', (value, text) => {
  expect(counted(value, 'port')).toBe(text);
});
