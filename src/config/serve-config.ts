/** What the service is asked to do, checked. In: option values. Out: ServeConfig. */

import { PortchurnError } from '../protocol/errors.js';
import { requireTokenFor } from '../protocol/loopback.js';
import { authority, type ListenAddress, parseListen } from './listen.js';
import type { ValuesOf } from './options.js';
import { type TracerSettings, tracerSettings } from './tracer-options.js';

export interface ServeConfig {
  readonly listen: ListenAddress;
  /** Path; null: no token is asked for, which only loopback allows. */
  readonly tokenFile: string | null;
  /** Milliseconds between two publications. */
  readonly intervalMs: number;
  /** Filter expression; empty: everything. */
  readonly filter: string;
  /** Host headers accepted besides the listening address and loopback names. */
  readonly allowHosts: readonly string[];
  readonly allowOrigins: readonly string[];
  readonly tracer: TracerSettings;
  /** Poll where the kernel takes no programs. */
  readonly polling: boolean;
}

/** Throws USAGE for an address beyond loopback without a token file. */
export function serveConfig(values: ValuesOf<'serve'>): ServeConfig {
  const listen = parseListen(values.listen);
  if (listen === null) throw new PortchurnError('USAGE', `"${values.listen}" is not host:port or [v6]:port`);
  if (values.tokenFile === undefined && requireTokenFor(listen.host)) throw needsToken(listen);
  return {
    listen,
    tokenFile: values.tokenFile ?? null,
    intervalMs: values.interval,
    filter: values.filter,
    allowHosts: values.allowHost,
    allowOrigins: values.allowOrigin,
    tracer: tracerSettings(values),
    polling: !values.noPolling,
  };
}

function needsToken(listen: ListenAddress): PortchurnError {
  return new PortchurnError('USAGE', `listening on ${authority(listen)}, beyond loopback, needs a token`, {
    hint: 'openssl rand -hex 32 > FILE && chmod 600 FILE, then --token-file FILE',
  });
}
