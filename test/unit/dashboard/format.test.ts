import { describe, expect, it } from 'vitest';
import {
  bytes,
  clock,
  duration,
  endpoint,
  foreign,
  integer,
  percent,
  rate,
  seconds,
  stamp,
} from '../../../dashboard/text/format.js';

it('unknown is a dash, never 0', () => {
  const texts = [integer, rate, percent, seconds, duration, bytes, clock, stamp].map((write) => write(null));
  expect(texts).toEqual(Array(8).fill('–'));
  expect([integer, rate, percent].map((write) => write(0))).toEqual(['0', '0', '0 %']);
});

describe('names', () => {
  it('spell out what would deceive the eye and leave the rest', () => {
    expect(foreign('evil\u202egnp.exe\n')).toBe('evil\\u202egnp.exe\\u000a');
    expect(foreign('a\u200bb\u0000\u001b[2J')).toBe('a\\u200bb\\u0000\\u001b[2J');
    expect(foreign('half \ud800 pair')).toBe('half \\ud800 pair');
    expect(foreign('<img src=x onerror=alert(1)> żółć 日本 😀')).toBe(
      '<img src=x onerror=alert(1)> żółć 日本 😀',
    );
    expect([foreign(null), foreign('')]).toEqual(['–', '–']);
  });

  it.each([
    ['10.0.0.9', 5432, '10.0.0.9:5432'],
    ['2001:db8::1', 443, '[2001:db8::1]:443'],
    ['10.0.0.9', null, '10.0.0.9:–'],
    [null, 80, '–:80'],
    [null, null, '–'],
  ])('write %s and %s as %s', (address, port, text) => expect(endpoint({ address, port })).toBe(text));
});
