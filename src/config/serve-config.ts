/** What the service is asked to do, checked. In: option values. Out: ServeConfig. */

import { PortchurnError } from '../protocol/errors.js';
import { parseUnix, requireTokenFor } from '../protocol/service-address.js';
import {
  authority,
  isTcp,
  LISTEN_WANTED,
  type ListenAddress,
  parseListen,
  parseMode,
  type SocketFile,
  type TcpAddress,
} from './listen.js';
import type { ValuesOf } from './options.js';
import { type TracerSettings, tracerSettings } from './tracer-options.js';

export interface ServeConfig {
  readonly listen: readonly ListenAddress[];
  /** Of the addresses that are paths. */
  readonly socket: SocketFile;
  /** Path; null: no token is asked for, which only loopback allows. */
  readonly tokenFile: string | null;
  /** Milliseconds between two publications. */
  readonly intervalMs: number;
  /** Filter expression; empty: everything. */
  readonly filter: string;
  /** Host headers accepted besides the listening address and loopback names. */
  readonly allowHosts: readonly string[];
  readonly allowOrigins: readonly string[];
  /** A program and its arguments, run when an incident comes into another state; null: none. */
  readonly onIncident: string | null;
  /** For what outlives a restart; null: nothing does, or where the service manager says. */
  readonly stateDir: string | null;
  /** Paths of sockets of Docker or Podman that are asked for names. */
  readonly containerSockets: readonly string[];
  readonly tracer: TracerSettings;
  /** Poll where the kernel takes no programs. */
  readonly polling: boolean;
}

/** Throws USAGE for an address beyond loopback without a token file. */
export function serveConfig(values: ValuesOf<'serve'>): ServeConfig {
  const listen = values.listen.map(listenAddress);
  const open = listen.filter(isTcp).find(({ host }) => requireTokenFor(host));
  if (values.tokenFile === undefined && open !== undefined) throw needsToken(open);
  return {
    listen,
    socket: { mode: parseMode(values.socketMode), group: values.socketGroup ?? null },
    tokenFile: values.tokenFile ?? null,
    intervalMs: values.interval,
    filter: values.filter,
    allowHosts: values.allowHost,
    allowOrigins: values.allowOrigin,
    onIncident: values.onIncident ?? null,
    stateDir: values.stateDir ?? null,
    containerSockets: containerSockets(values),
    tracer: tracerSettings(values),
    polling: !values.noPolling,
  };
}

/** Paths of the sockets that were named. */
export function containerSockets({ containerSocket }: Pick<ValuesOf<'doctor'>, 'containerSocket'>): string[] {
  return containerSocket.flatMap((text) => parseUnix(text) ?? []);
}

function listenAddress(text: string): ListenAddress {
  const address = parseListen(text);
  if (address !== null) return address;
  throw new PortchurnError('USAGE', `"${text}" is not ${LISTEN_WANTED}`);
}

function needsToken(listen: TcpAddress): PortchurnError {
  return new PortchurnError('USAGE', `listening on ${authority(listen)}, beyond loopback, needs a token`, {
    hint: 'openssl rand -hex 32 > FILE && chmod 600 FILE, then --token-file FILE',
  });
}
