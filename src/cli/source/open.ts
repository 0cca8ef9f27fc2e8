/**
 * Chooses and opens a data source: the service that --connect names, else one at the socket or the port of this machine, else a
 * tracer inside this process. In: option values. Out: a DataSource.
 */
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { ValuesOf } from '../../config/options.js';
import { readToken } from '../../config/token.js';
import { type TracerValues, tracerSettings } from '../../config/tracer-options.js';
import { PortchurnError } from '../../protocol/errors.js';
import { DEFAULT_LISTEN, DEFAULT_SOCKET } from '../../protocol/names.js';
import type { Backends } from '../backends.js';
import { type Io, say } from '../io.js';
import type { DataSource } from './data-source.js';
import { dialChecked } from './dial.js';
import { httpClient, type Target, targetAt, targetAtPath } from './target.js';
import { checkPeer } from './trust.js';

export type AttachValues = Pick<ValuesOf<'top'>, 'connect' | 'standalone' | 'tokenFile' | 'logLevel'> &
  TracerValues;

/** Longest time that a service on this machine may take to identify itself, ms. */
const BRIEFLY = { timeoutMs: 500 };

/** `pids`: processes that a standalone trace is restricted to, in the kernel. */
export async function openDataSource(
  values: AttachValues,
  pids: readonly number[],
  io: Io,
  backends: Backends,
): Promise<DataSource> {
  const target = await findService(values, io, backends);
  if (target !== null) {
    const { RemoteSource } = await import('./remote-source.js');
    return new RemoteSource(target);
  }
  const { StandaloneSource } = await import('./standalone-source.js');
  const { createLogger } = await import('../logger.js');
  const log = createLogger(values.logLevel);
  return new StandaloneSource(await backends.startTracing({ tracer: tracerSettings(values), pids, log }));
}

/** The service to attach to, which is told. Null: there is none, or none is wanted. */
export async function findService(
  values: Pick<AttachValues, 'connect' | 'standalone' | 'tokenFile'>,
  io: Io,
  backends: Backends,
): Promise<Target | null> {
  if (values.standalone && values.connect !== undefined) {
    throw new PortchurnError('USAGE', '--standalone and --connect exclude each other');
  }
  const target = values.standalone ? null : await attach(values, io, backends);
  if (target !== null) say(io, `attached to ${target.service.shown ?? target.service.url}`);
  return target;
}

/** Null: there is no service, so trace without. A service that only wants a token is an error, not passed over in silence. */
async function attach(
  values: Pick<AttachValues, 'connect' | 'tokenFile'>,
  io: Io,
  backends: Backends,
): Promise<Target | null> {
  const token = values.tokenFile === undefined ? null : readToken(values.tokenFile);
  if (values.connect === undefined) return (await atSocket(token, io)) ?? (await atPort(token, io, backends));
  const target = targetAt(values.connect, token);
  const refused = await httpClient(target).probe();
  if (refused !== null) throw refused;
  return target;
}

/** Only root makes files in /run: whoever listens there is believed. */
async function atSocket(token: string | null, io: Io): Promise<Target | null> {
  if (!existsSync(DEFAULT_SOCKET)) return null;
  const target = targetAtPath(DEFAULT_SOCKET, token);
  const refused = await httpClient(target).probe(BRIEFLY);
  if (refused === null) return target;
  if (refused.code === 'UNAUTHORIZED') throw refused;
  const { code } = (refused.cause ?? {}) as NodeJS.ErrnoException;
  if (code === 'EACCES') say(io, `${DEFAULT_SOCKET} is for root and its group; asking ${DEFAULT_LISTEN}`);
  else if (code !== 'ECONNREFUSED') say(io, `${refused.message}; asking ${DEFAULT_LISTEN}`);
  return null;
}

/** Any local user may listen there. So first it is asked without the token what it is, then looked up whose it is. */
async function atPort(token: string | null, io: Io, backends: Backends): Promise<Target | null> {
  const { service } = targetAt(`http://${DEFAULT_LISTEN}`, token);
  const strange = await httpClient({ service: { ...service, token: null } }).probe(BRIEFLY);
  if (strange !== null && strange.code !== 'UNAUTHORIZED') {
    if (strange.code !== 'SERVICE_UNREACHABLE') say(io, `${strange.message}; tracing by itself`);
    return null;
  }
  const [address = '', port] = DEFAULT_LISTEN.split(':');
  const check = (socket: Socket) => checkPeer(socket, backends.tcpOwner);
  const target = { service, dial: dialChecked({ address, port: Number(port) }, check) };
  const refused = await httpClient(target).probe();
  if (refused !== null) throw refused;
  return target;
}
