import { describe, expect, it } from 'vitest';
import {
  clock,
  duration,
  endpoint,
  foreign,
  integer,
  percent,
  processName,
  rate,
  seconds,
} from '../../../dashboard/text/format.js';
import { proc } from '../publish/rows.js';

describe('numbers', () => {
  it('say unknown as a dash, never as 0', () => {
    const texts = [integer, rate, percent, seconds, duration, clock].map((format) => format(null));
    expect(texts).toEqual(['–', '–', '–', '–', '–', '–']);
  });

  it('have separators', () => {
    expect([integer(0), integer(28_232), integer(1_204_331)]).toEqual(['0', '28,232', '1,204,331']);
  });

  it.each([
    [0, '0'],
    [0.01, '<0.1'],
    [0.05, '0.1'],
    [9.94, '9.9'],
    [9.96, '10'],
    [1234.5, '1,235'],
  ])('write the rate %d as %s', (value, text) => expect(rate(value)).toBe(text));

  it.each([
    [1, '100 %'],
    [0.9999, '99.9 %'],
    [0.996, '99.6 %'],
    [0.12, '12 %'],
    [0.0004, '<0.1 %'],
    [0, '0 %'],
  ])('write the share %d as %s: only everything is 100 %%', (value, text) =>
    expect(percent(value)).toBe(text),
  );
});

describe('times', () => {
  it.each([
    [0, '0s'],
    [59.4, '59s'],
    [59.6, '1m 0s'],
    [130, '2m 10s'],
    [3_840, '1h 4m'],
    [90_000, '1d 1h'],
  ])('write %d s as %s', (value, text) => expect(seconds(value)).toBe(text));

  it.each([
    [0.04, '0.0ms'],
    [0.4, '0.4ms'],
    [9.96, '10ms'],
    [999.4, '999ms'],
    [999.6, '1.0s'],
    [9_949, '9.9s'],
    [9_951, '10s'],
    [130_000, '2m 10s'],
  ])('write %d ms as %s', (value, text) => expect(duration(value)).toBe(text));

  it('write a time of day in local time', () => {
    expect(clock(new Date(2026, 0, 2, 4, 5, 6).getTime())).toBe('04:05:06');
  });
});

describe('names', () => {
  it('spell out what would deceive the eye and leave the rest', () => {
    expect(foreign('evil\u202egnp.exe\n')).toBe('evil\\u202egnp.exe\\u000a');
    expect(foreign('a\u200bb\u0000\u001b[2J')).toBe('a\\u200bb\\u0000\\u001b[2J');
    expect(foreign('<img src=x onerror=alert(1)> żółć 日本')).toBe('<img src=x onerror=alert(1)> żółć 日本');
    expect([foreign(null), foreign('')]).toEqual(['–', '–']);
  });

  it.each([
    ['10.0.0.9', 5432, '10.0.0.9:5432'],
    ['2001:db8::1', 443, '[2001:db8::1]:443'],
    ['10.0.0.9', null, '10.0.0.9:–'],
    [null, 80, '–:80'],
    [null, null, '–'],
  ])('write %s and %s as %s', (address, port, text) => expect(endpoint({ address, port })).toBe(text));

  it('are comm, else the file name of the executable', () => {
    expect(processName(proc({ comm: 'ab', exe: '/usr/bin/ab2' }))).toBe('ab');
    expect(processName(proc({ comm: null, exe: '/usr/bin/ab2' }))).toBe('ab2');
    expect(processName(proc({ comm: null, exe: null }))).toBeNull();
  });
});
