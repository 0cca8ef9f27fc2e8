import { describe, expect, it } from 'vitest';
import { countsAsLoopback, type ReuseFacts, releaseInMs, reuseRule } from '../../../src/forecast/reuse.js';

const DEFAULTS: ReuseFacts = { tcpTwReuse: 2, tcpTwReuseDelayMs: 1000, tcpTimestamps: 1 };
const NEVER = { reuse: 'never', holdMs: 60_000 };
const rule = (parts: Partial<ReuseFacts>, source = '10.0.0.1', destination = '10.0.0.9') =>
  reuseRule({ ...DEFAULTS, ...parts }, source, destination);

describe('a TIME_WAIT port', () => {
  it('is held to the end with tcp_tw_reuse 0, loopback or not', () => {
    expect(rule({ tcpTwReuse: 0 })).toEqual(NEVER);
    expect(rule({ tcpTwReuse: 0 }, '127.0.0.1', '127.0.0.1')).toEqual(NEVER);
  });

  it('is held for the delay with tcp_tw_reuse 1', () => {
    expect(rule({ tcpTwReuse: 1 })).toEqual({ reuse: 'after-delay', holdMs: 1000 });
    expect(rule({ tcpTwReuse: 1, tcpTwReuseDelayMs: 3000 })).toEqual({ reuse: 'after-delay', holdMs: 3000 });
  });

  it('is held for a second where the kernel has no delay to set', () => {
    expect(rule({ tcpTwReuse: 1, tcpTwReuseDelayMs: null })).toEqual({ reuse: 'after-delay', holdMs: 1000 });
  });

  it.each([
    ['10.0.0.1', '10.0.0.1', false],
    ['10.0.0.1', '10.0.0.9', false],
    ['127.0.0.1', '127.0.0.1', true],
    ['10.0.0.1', '127.9.9.9', true],
    ['127.0.0.1', '10.0.0.9', true],
    ['::1', '::1', true],
    ['2001:db8::1', '2001:db8::2', false],
    ['fe80::1', '::1', true],
    ['::ffff:127.0.0.1', '::ffff:10.0.0.9', true],
  ])('with the default from %s to %s is reused: %s', (source, destination, reused) => {
    expect(rule({}, source, destination).reuse).toBe(reused ? 'after-delay' : 'never');
  });

  it.each([0, 1, 2])('is held to the end without timestamps, tcp_tw_reuse %d', (tcpTwReuse) => {
    expect(rule({ tcpTwReuse, tcpTimestamps: 0 }, '127.0.0.1', '127.0.0.1')).toEqual(NEVER);
  });

  it('is thought held to the end when the settings are unknown', () => {
    expect(rule({ tcpTwReuse: null })).toEqual({ reuse: null, holdMs: 60_000 });
    expect(rule({ tcpTwReuse: 1, tcpTimestamps: null })).toEqual({ reuse: null, holdMs: 60_000 });
    expect(rule({ tcpTimestamps: null })).toEqual(NEVER);
    expect(reuseRule(DEFAULTS, null, null)).toEqual(NEVER);
  });
});

it('loopback is 127/8, ::1 and ::ffff:127/104, nothing that looks like it', () => {
  const loopback = [
    '127.0.0.1',
    '127.255.255.254',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::FFFF:7F12:1',
  ];
  const others = [
    '128.0.0.1',
    '12.7.0.0',
    '::',
    '::127.0.0.1',
    '::1:1',
    '1::1',
    '::ffff:7f0:1',
    '::ffff:8000:1',
  ];
  expect([...loopback, ...others, null].filter(countsAsLoopback)).toEqual(loopback);
});

describe('what a timer has left until the port can be had', () => {
  it('is all of it without reuse', () => {
    expect(releaseInMs(42_000, 'time-wait', rule({ tcpTwReuse: 0 }))).toBe(42_000);
  });

  it('is what is left of the delay with reuse, and less than nothing after', () => {
    expect(releaseInMs(59_800, 'time-wait', rule({ tcpTwReuse: 1 }))).toBe(800);
    expect(releaseInMs(42_000, 'time-wait', rule({ tcpTwReuse: 1 }))).toBeLessThan(0);
    expect(releaseInMs(42_000, 'time-wait', rule({ tcpTwReuse: 1, tcpTwReuseDelayMs: 60_000 }))).toBe(42_000);
  });

  it('is the timer itself in FIN_WAIT2, which is never reused', () => {
    expect(releaseInMs(42_000, 'fin-wait-2', rule({ tcpTwReuse: 1 }))).toBe(42_000);
  });
});
