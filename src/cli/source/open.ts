/**
 * Chooses and opens a data source: the service that --connect names, else one on this machine, else a tracer inside this
 * process. In: option values. Out: a DataSource.
 */
import type { ServiceAddress } from '../../client/errors.js';
import { HttpClient } from '../../client/http.js';
import type { ValuesOf } from '../../config/options.js';
import { readToken } from '../../config/token.js';
import { type TracerValues, tracerSettings } from '../../config/tracer-options.js';
import { PortchurnError } from '../../protocol/errors.js';
import { DEFAULT_LISTEN } from '../../protocol/names.js';
import type { Backends } from '../backends.js';
import { type Io, say } from '../io.js';
import type { DataSource } from './data-source.js';
import { lightFetch } from './light-fetch.js';

export type AttachValues = Pick<ValuesOf<'top'>, 'connect' | 'standalone' | 'tokenFile' | 'logLevel'> &
  TracerValues;

const HINTS = {
  UNAUTHORIZED: 'give the token of the service: --token-file F',
  SERVICE_UNREACHABLE: 'start one with "portchurn serve", or trace without one: --standalone',
} as const;

/** Longest time that a service on this machine may take to identify itself, ms. */
const PROBE_MS = 500;

/** `pids`: processes that a standalone trace is restricted to, in the kernel. */
export async function openDataSource(
  values: AttachValues,
  pids: readonly number[],
  io: Io,
  backends: Backends,
): Promise<DataSource> {
  if (values.standalone && values.connect !== undefined) {
    throw new PortchurnError('USAGE', '--standalone and --connect exclude each other');
  }
  const remote = values.standalone ? null : await attach(values, io);
  if (remote) return remote;
  const { StandaloneSource } = await import('./standalone-source.js');
  const { createLogger } = await import('../logger.js');
  const log = createLogger(values.logLevel);
  return new StandaloneSource(await backends.startTracing({ tracer: tracerSettings(values), pids, log }));
}

/** Null: there is no service, so trace without. A service that only wants a token is an error, not passed over in silence. */
async function attach(values: AttachValues, io: Io): Promise<DataSource | null> {
  const token = values.tokenFile === undefined ? null : readToken(values.tokenFile);
  const service = { url: asFolder(values.connect ?? `http://${DEFAULT_LISTEN}`), token, hints: HINTS };
  const limits = values.connect === undefined ? { timeoutMs: PROBE_MS } : {};
  const refused = await new HttpClient(service, lightFetch).probe(limits);
  if (refused === null) return attached(service, io);
  if (values.connect !== undefined || refused.code === 'UNAUTHORIZED') throw refused;
  if (refused.code !== 'SERVICE_UNREACHABLE') say(io, `${refused.message}; tracing by itself`);
  return null;
}

/** Paths of the API are below that of the service, which a proxy may have: `http://host/portchurn` is `…/portchurn/`. */
function asFolder(url: string): string {
  const parsed = new URL(url);
  if (parsed.pathname.endsWith('/')) return url;
  parsed.pathname += '/';
  return parsed.href;
}

async function attached(service: ServiceAddress, io: Io): Promise<DataSource> {
  const { RemoteSource } = await import('./remote-source.js');
  say(io, `attached to ${service.url}`);
  return new RemoteSource(service);
}
