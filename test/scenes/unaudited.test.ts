/** A network namespace that no audit can enter, since nothing leads to it: after 90 s the service is degraded, and says where. */
import { expect, it } from 'vitest';
import type { Health } from '../../src/protocol/source.js';
import { patient } from '../support/patience.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { pythonScript } from '../support/script.js';
import { startService } from '../support/service.js';

/**
 * Works in a namespace that only its second thread is in: what leads to one is the file of a process, which is that of its first
 * thread. One in which nothing happens is forgotten soon.
 */
const CODE = `
import ctypes, fcntl, os, socket, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x40000000, 0x8914, 1
held = []
def work():
    if libc.unshare(CLONE_NEWNET) != 0:
        os._exit(1)
    inode = os.stat("/proc/thread-self/ns/net").st_ino
    fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    listener = socket.create_server(("127.0.0.1", 9000))
    for _ in range(3):
        held.append((socket.create_connection(("127.0.0.1", 9000)), listener.accept()))
    print("holds", inode, flush=True)
    while True:
        time.sleep(2)
        socket.create_connection(("127.0.0.1", 9000)).close()
        listener.accept()[0].close()
threading.Thread(target=work, daemon=True).start()
sys.stdin.read()
`;
/** It is said after 90 s. */
const SAID_WITHIN = { timeout: patient(150_000), interval: 1000 };
const OVER_WITHIN = { timeout: patient(60_000), interval: 1000 };

it('a namespace with budgets that is not audited makes the service degraded, until its sockets are closed', async () => {
  const scope = testScope();
  const service = await startService(scope);
  const health = () => service.get<Health>('/healthz');
  const holder = await start(scope, pythonScript(scope, 'holder.py', CODE));
  const [, inode] = await holder.printed(/^holds (\d+)$/m);
  const { rows } = await service.snapshot('budgets', { filter: `netns:${inode}` });
  expect(rows).toEqual([expect.objectContaining({ netns: Number(inode) })]);
  expect(await health()).toMatchObject({ status: 'ok' });

  await expect.poll(async () => (await health()).status, SAID_WITHIN).toBe('degraded');
  const what = new RegExp(
    `^Counts of network namespace ${inode} were last compared with the kernel’s own list 1 min`,
  );
  const { problems } = await health();
  expect(problems).toContainEqual(expect.objectContaining({ what: expect.stringMatching(what) }));

  holder.closeInput();
  await holder.exited;
  await expect.poll(async () => (await health()).status, OVER_WITHIN).toBe('ok');
});
