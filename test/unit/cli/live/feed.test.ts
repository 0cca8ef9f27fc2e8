/** What a live screen does with a service that does not keep the protocol. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { LiveFeed } from '../../../../src/cli/live/feed.js';
import { targetAt } from '../../../../src/cli/source/target.js';
import type { Replica } from '../../../../src/client/replica.js';

it.each([
  ['{"type":"hello","epoch":7}', '/protocol is missing'],
  ['{"type":"hello","protocol":1}', '/topics is missing'],
])('says what is wrong with %s, and takes nothing of it', async (frame, expected) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => server.close());
  server.on('connection', (socket) => socket.send(frame));
  await once(server, 'listening');
  const replicas: Replica[] = [];
  const fault = await new Promise<string>((onFault) => {
    const target = targetAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, null);
    const feed = new LiveFeed(target, {
      onReplica: (one) => replicas.push(one),
      onLink: () => undefined,
      onFault,
    });
    onTestFinished(() => feed.stop());
    feed.start();
  });
  expect(fault).toBe(expected);
  expect(replicas).toEqual([]);
});
