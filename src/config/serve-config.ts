/**
 * What the service is told to do, checked. Enters: option values. Leaves: ServeConfig. Called by cli/serve.ts; read by
 * service.ts. The options themselves are in config/options.ts, their precedence in config/resolve.ts.
 */

import { PortchurnError } from '../protocol/errors.js';
import { requireTokenFor } from '../publish/http/gate.js';
import { authority, type ListenAddress, parseListen } from './listen.js';
import type { ValuesOf } from './options.js';

export { authority, type ListenAddress, parseListen } from './listen.js';
export type { CommandName, ValuesOf } from './options.js';
export { resolve } from './resolve.js';

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
  /** Attach system call tracepoints. */
  readonly syscalls: boolean;
  readonly portableVerdict: boolean;
  readonly polling: boolean;
  readonly ringBytes: number;
  /** Hide command lines' arguments. */
  readonly redact: boolean;
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
    syscalls: !values.noSyscalls,
    portableVerdict: values.portableVerdict,
    polling: !values.noPolling,
    ringBytes: values.ringBytes,
    redact: values.redact,
  };
}

function needsToken(listen: ListenAddress): PortchurnError {
  return new PortchurnError('USAGE', `listening on ${authority(listen)}, beyond loopback, needs a token`, {
    hint: 'openssl rand -hex 32 > FILE && chmod 600 FILE, then --token-file FILE',
  });
}
