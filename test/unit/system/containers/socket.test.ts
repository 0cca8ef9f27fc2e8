/** One question at a time to a socket, and pauses that grow. Its server is a real one. */
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { RuntimeSocket } from '../../../../src/system/containers/socket.js';
import { testScope } from '../../../support/scope.js';

const ID = '3f9c'.repeat(16);
const LIST = JSON.stringify([{ Id: ID, Names: ['/web'], Image: 'shop/web:1' }]);
const RENAMED = JSON.stringify({ Actor: { ID, Attributes: { name: 'web-old', image: 'shop/web:1' } } });

async function socketOf(answer: RequestListener, limit?: number) {
  const scope = testScope();
  const path = join(scope.directory(), 'sock');
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const heard: string[] = [];
  const socket = new RuntimeSocket(path, (id) => heard.push(id), 1, limit);
  scope.use({
    end: () => {
      socket.stop();
      server.closeAllConnections();
      server.close();
    },
  });
  socket.start();
  return { socket, heard };
}

describe('a socket of a runtime', () => {
  it('knows what the list says, then what is told, by one question at a time', async () => {
    let open = 0;
    let most = 0;
    const { socket, heard } = await socketOf(({ url = '' }, answer) => {
      most = Math.max(most, ++open);
      answer.on('close', () => open--);
      if (url === '/containers/json') answer.end(LIST);
      else answer.write(`${RENAMED}\n`);
    });
    await vi.waitFor(async () => expect(await socket.store(ID)).toMatchObject({ name: 'web-old' }));
    expect(await socket.store('ab12'.repeat(16))).toBeNull();
    expect([heard, most, socket.trouble]).toEqual([[ID, ID], 1, null]);
  });

  it('keeps what it knew and says why it has no answer, until it has one again', async () => {
    let isDown = false;
    const { socket } = await socketOf(({ url = '' }, answer) => {
      if (isDown) answer.writeHead(500).end();
      else answer.end(url === '/containers/json' ? LIST : '');
    });
    await vi.waitFor(async () => expect(await socket.store(ID)).toMatchObject({ name: 'web' }));
    isDown = true;
    await vi.waitFor(() => expect(socket.trouble).toBe('HTTP_500'));
    expect(await socket.store(ID)).toMatchObject({ name: 'web', image: 'shop/web:1' });
    isDown = false;
    await vi.waitFor(() => expect(socket.trouble).toBeNull(), { timeout: 20_000 });
  });

  it('knows so many at most, and counts those that found no room', async () => {
    const ids = ['a', 'b', 'c'].map((digit) => digit.repeat(64));
    const list = JSON.stringify(ids.map((Id) => ({ Id, Names: ['/web'] })));
    const { socket } = await socketOf(({ url = '' }, answer) => {
      if (url === '/containers/json') answer.end(list);
      else answer.write('\n');
    }, 2);
    await vi.waitFor(() => expect(socket.evicted).toBe(1));
    expect(await Promise.all(ids.map(socket.store))).toMatchObject([null, { name: 'web' }, { name: 'web' }]);
  });

  it('asks no more when it is stopped', async () => {
    let hangsUp = () => {};
    const hungUp = new Promise<void>((resolve) => {
      hangsUp = resolve;
    });
    const { socket } = await socketOf(({ url = '' }, answer) => {
      if (url === '/containers/json') return void answer.end(LIST);
      answer.on('close', hangsUp).write('\n', () => socket.stop());
    });
    await hungUp;
    expect(socket.trouble).toBeNull();
  });
});
