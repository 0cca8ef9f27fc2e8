/** What the service manager shows of incidents. */
import { expect, it } from 'vitest';
import { IncidentStatus } from '../../../src/service/incident-status.js';
import { ServiceManager } from '../../../src/service/service-manager.js';
import { incident } from '../publish/rows.js';

const URL = 'http://127.0.0.1:1/';
const worst = { title: 'nginx tries 92 connections/s', severity: 'critical' } as const;
const slight = { title: 'Nobody listens on 10.0.0.9:80', severity: 'warning' } as const;

function shown() {
  const lines: string[] = [];
  return { lines, status: new IncidentStatus((text) => lines.push(text)) };
}

it('counts what is not over, and says the worst', () => {
  const { lines, status } = shown();
  expect(status.of(URL)).toBe(URL);
  status.report(incident('a', { ...slight, state: 'open' }));
  status.report(incident('b', { ...worst, state: 'open' }));
  status.report(incident('b', { ...worst, state: 'easing' }));
  status.report(incident('b', { ...worst, state: 'over' }));
  status.report(incident('a', { ...slight, state: 'over' }));
  expect(lines).toEqual([
    `${URL} 1 incident, open: ${slight.title}`,
    `${URL} 2 incidents, open: ${worst.title}`,
    `${URL} 2 incidents, open: ${slight.title}`,
    `${URL} 1 incident, open: ${slight.title}`,
    URL,
  ]);
});

it('says nothing before the service is ready, and then what there is', () => {
  const { lines, status } = shown();
  status.report(incident('a', { ...slight, state: 'open' }));
  expect([lines, status.of(URL)]).toEqual([[], `${URL} 1 incident, open: ${slight.title}`]);
});

it('a name with a line break gives the service manager no order', () => {
  const messages: string[] = [];
  const send = (_: string, text: string) => void messages.push(text);
  const env = { NOTIFY_SOCKET: '/run/x' };
  const manager = new ServiceManager({ env, pid: 1, send, failed: () => undefined });
  manager.ready('a\nMAINPID=1');
  manager.status('a\nMAINPID=1');
  expect(messages).toEqual(['READY=1\nSTATUS=a\\x0aMAINPID=1', 'STATUS=a\\x0aMAINPID=1']);
});
