/**
 * What the service manager is told, and when nothing.
 */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ServiceManager } from '../../../src/service/service-manager.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function reported(env: Record<string, string>, alive = () => true) {
  const messages: string[] = [];
  const failures: Error[] = [];
  const manager = new ServiceManager({
    env,
    pid: 42,
    send: (address, text) => {
      if (address === '/nowhere') throw new Error('ECONNREFUSED');
      messages.push(text);
    },
    failed: (error) => failures.push(error),
  });
  manager.ready('http://127.0.0.1:1/');
  manager.watch(alive);
  vi.advanceTimersByTime(1000);
  manager.stopping();
  vi.advanceTimersByTime(1000);
  return { messages, failures };
}

const READY = 'READY=1\nSTATUS=http://127.0.0.1:1/';
const beats = (count: number) => Array.from({ length: count }, () => 'WATCHDOG=1');

it('says nothing where nobody asked', () => {
  expect(reported({ WATCHDOG_USEC: '500000' })).toEqual({ messages: [], failures: [] });
});

it('says ready and stopping', () => {
  expect(reported({ NOTIFY_SOCKET: '/run/x' }).messages).toEqual([READY, 'STOPPING=1']);
});

it('says twice per period that it lives, until it stops', () => {
  const env = { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '1000000', WATCHDOG_PID: '42' };
  expect(reported(env).messages).toEqual([READY, ...beats(3), 'STOPPING=1']);
});

it('is silent once the tracer has stopped, so that it is started anew', () => {
  let calls = 0;
  const env = { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '200000' };
  expect(reported(env, () => ++calls <= 2).messages).toEqual([READY, ...beats(2), 'STOPPING=1']);
});

it.each([
  ['of another process', { WATCHDOG_PID: '41', WATCHDOG_USEC: '200000' }],
  ['that is no number', { WATCHDOG_USEC: 'soon' }],
  ['of no time', { WATCHDOG_USEC: '0' }],
])('leaves alone a watchdog %s', (_, env) => {
  expect(reported({ NOTIFY_SOCKET: '/run/x', ...env }).messages).toEqual([READY, 'STOPPING=1']);
});

it('reports that it could not be heard', () => {
  const { failures } = reported({ NOTIFY_SOCKET: '/nowhere' });
  expect(failures.map(({ message }) => message)).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
});
