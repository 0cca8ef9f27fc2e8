/**
 * A server at a socket file. In: a server that does not listen yet, a path, who may open the file. Out: the server listens there.
 * The file of a service that is dead is replaced; nothing else is. Node removes the file when the server closes.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, type Stats, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { PortchurnError } from '../../protocol/errors.js';

/** Who may open a socket file: connecting needs the right to write. */
export interface SocketRights {
  readonly mode: number;
  /** Null: that of the process. */
  readonly gid: number | null;
}

/** S_IWOTH, inode(7). */
const OTHERS_WRITE = 0o002;
const ONLY_OWNER = 0o177;
const DIRECTORY_MODE = 0o755;

/** Not everybody may connect, so that whoever does was permitted to. */
export const isGuarded = ({ mode }: SocketRights): boolean => (mode & OTHERS_WRITE) === 0;

/** Throws SOCKET_IN_USE or LISTEN_FAILED. */
export async function listenAtPath(server: Server, path: string, rights: SocketRights): Promise<void> {
  await makeWay(path);
  await bind(server, path);
  try {
    grant(path, rights);
  } catch (error) {
    server.close();
    throw error;
  }
}

async function makeWay(path: string): Promise<void> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return makeDirectory(dirname(path));
  if (!there.isSocket()) {
    throw new PortchurnError('LISTEN_FAILED', `${path} is not a socket, and stays as it is`, {
      hint: 'choose another path with --listen unix:/PATH',
    });
  }
  const refusal = await knock(path);
  if (refusal === 'ECONNREFUSED') return removeStale(path, there);
  if (refusal === 'ENOENT') return;
  const reason = refusal === null ? 'a service listens there' : `whether a service listens there: ${refusal}`;
  throw new PortchurnError('SOCKET_IN_USE', `${path} is in use: ${reason}`, {
    hint: `choose another path, or attach to it with "portchurn top --connect unix:${path}"`,
  });
}

/** Below one that exists, as /run: a tree of them is a mistake in the path. */
function makeDirectory(directory: string): void {
  if (lstatSync(directory, { throwIfNoEntry: false }) !== undefined) return;
  try {
    mkdirSync(directory);
    chmodSync(directory, DIRECTORY_MODE);
  } catch (cause) {
    throw failed(`cannot make the directory ${directory}`, cause);
  }
}

/** Null: somebody listens. Else why a connection failed: nobody listens at the file that a dead service left behind. */
function knock(path: string): Promise<string | null> {
  return new Promise((answered) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      answered(null);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => answered(error.code ?? error.message));
  });
}

/** Another service may have been quicker in the meantime: its file is another one. */
function removeStale(path: string, stale: Stats): void {
  const now = lstatSync(path, { throwIfNoEntry: false });
  if (now === undefined || now.ino !== stale.ino) return;
  try {
    unlinkSync(path);
  } catch (cause) {
    throw failed(`cannot remove ${path}, which a dead service left behind`, cause);
  }
}

/** Until the file has its rights nobody else may connect. Node binds before listen() returns. */
function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(bindError(path, cause)));
    const mask = process.umask(ONLY_OWNER);
    try {
      server.listen({ path }, () => {
        server.removeAllListeners('error');
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}

function bindError(path: string, cause: NodeJS.ErrnoException): PortchurnError {
  if (cause.code !== 'EADDRINUSE') return failed(`cannot listen on ${path}`, cause);
  return new PortchurnError('SOCKET_IN_USE', `${path} is in use`, { cause });
}

/** The group first: the owner alone may connect until it is the right one. */
function grant(path: string, { mode, gid }: SocketRights): void {
  try {
    if (gid !== null) chownSync(path, -1, gid);
  } catch (cause) {
    const hint =
      'a process gives files only to its own groups: SupplementaryGroups=GROUP in the unit, or start as root';
    throw failed(`cannot give ${path} to group ${gid}`, cause, hint);
  }
  chmodSync(path, mode);
}

function failed(what: string, cause: unknown, hint?: string): PortchurnError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new PortchurnError('LISTEN_FAILED', `${what}: ${code ?? message}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}
