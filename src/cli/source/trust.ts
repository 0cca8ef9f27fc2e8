/**
 * Whom a command believes on the default port, where any local user may listen: root, one's own user, and whoever has the directory
 * of the default socket, which root or systemd made for the service. In: a connection. Out: nothing, or UNTRUSTED_SERVICE.
 */
import { lstatSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { PortchurnError } from '../../protocol/errors.js';
import { DEFAULT_LISTEN, DEFAULT_SOCKET } from '../../protocol/names.js';
import type { Backends, TcpEnd } from '../backends.js';

const ROOT = 0;
const URL = `http://${DEFAULT_LISTEN}`;
const HINT = `if you trust it: --connect ${URL}; to trace without it: --standalone`;
/** The service accepts in a turn of its loop; until then nobody has the other end. */
const ACCEPT_MS = 5000;
const PAUSE_MS = 5;

/** Throws UNTRUSTED_SERVICE. */
export async function checkPeer(socket: Socket, tcpOwner: Backends['tcpOwner']): Promise<void> {
  const uid = await ownerOf(socket, tcpOwner);
  if (uid !== null && trustedUids().has(uid)) return;
  const who = uid === null ? 'somebody who cannot be told' : `user ${uid}, who is neither root nor you`;
  const message = `what listens at ${URL} belongs to ${who}: it got no token, and its answer is not used`;
  throw new PortchurnError('UNTRUSTED_SERVICE', message, { hint: HINT });
}

function trustedUids(): ReadonlySet<number | undefined> {
  const directory = lstatSync(dirname(DEFAULT_SOCKET), { throwIfNoEntry: false });
  return new Set([ROOT, process.getuid?.(), directory?.isDirectory() ? directory.uid : ROOT]);
}

/** Null: nobody took the connection in time, or this machine does not say whose it is. */
async function ownerOf(socket: Socket, tcpOwner: Backends['tcpOwner']): Promise<number | null> {
  const until = performance.now() + ACCEPT_MS;
  for (;;) {
    const uid = await tcpOwner(...endsOf(socket)).catch(() => undefined);
    if (uid === undefined || socket.destroyed || performance.now() > until) return null;
    if (uid !== null) return uid;
    await new Promise((passed) => setTimeout(passed, PAUSE_MS));
  }
}

/** As the other side has them. */
function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): [TcpEnd, TcpEnd] {
  const end = (address = '', port = 0) => ({ address, port });
  return [end(remoteAddress, remotePort), end(localAddress, localPort)];
}
