/** Whose the other end of a connection is: by one lookup, without privilege. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openAddon } from '../../src/engine/addon.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';

const addon = openAddon();
const LOOPBACK = '127.0.0.1';
const endings: (() => unknown)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

async function connected(port: number): Promise<Socket> {
  const socket = connect({ host: LOOPBACK, port });
  endings.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Whose the end of the service is, as a client sees it. */
const ownerOf = ({ localPort, remotePort }: Socket): number | null =>
  addon.tcpOwner(
    { address: LOOPBACK, port: remotePort as number },
    { address: LOOPBACK, port: localPort as number },
  );

it('is known once it is accepted', async () => {
  const server = createServer().listen(0, LOOPBACK);
  endings.push(() => server.close());
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = await connected((server.address() as AddressInfo).port);
  const [other] = await accepted;
  endings.push(() => other.destroy());
  expect(ownerOf(socket)).toBe(process.getuid?.());
});

it('is not known before that, whatever the kernel calls it, nor of a connection that there is not', async () => {
  const code = `
import socket, sys
ear = socket.socket(); ear.bind(('${LOOPBACK}', 0)); ear.listen(4)
print(ear.getsockname()[1], flush=True)
sys.stdin.readline(); taken = ear.accept()
print('accepted', flush=True); sys.stdin.readline()`;
  const ear = await start(testScope(), ['/usr/bin/python3', '-c', code], { user: 'nobody' });
  const [port] = await ear.printed(/^\d+$/m);
  const socket = await connected(Number(port));
  expect(ownerOf(socket)).toBeNull();
  ear.write('\n');
  await ear.printed(/^accepted$/m);
  expect(ownerOf(socket)).toBe(65_534);
  expect(
    addon.tcpOwner({ address: LOOPBACK, port: Number(port) }, { address: LOOPBACK, port: 1 }),
  ).toBeNull();
});

it('is an error for what is no address', () => {
  const end = { address: 'localhost', port: 1 };
  expect(() => addon.tcpOwner(end, end)).toThrow(/IPv4/);
});
