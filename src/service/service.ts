/**
 * The service: the engine (src/engine/engine.ts) with the server (src/publish/server.ts) in front.
 * In: configuration. Out: a running service.
 */
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { SocketFile } from '../config/listen.js';
import type { ServeConfig } from '../config/serve-config.js';
import { readToken } from '../config/token.js';
import { type Engine, type EngineOptions, startEngine } from '../engine/engine.js';
import { PortchurnError } from '../protocol/errors.js';
import { VERSION } from '../protocol/version.js';
import type { SocketRights } from '../publish/http/unix-socket.js';
import { startServer } from '../publish/server.js';
import { groupId } from '../system/accounts.js';
import { scopeOf } from './scope.js';

const DASHBOARD_DIR = fileURLToPath(new URL('../../dist/dashboard', import.meta.url));

export interface Service {
  readonly url: string;
  /** False: the tracer has stopped; what clients get is old. */
  isTracing(): boolean;
  /** Reads the token anew, and takes what can change while it runs. Throws USAGE, and goes on as before. */
  reload(config: ServeConfig): void;
  stop(): Promise<void>;
}

/**
 * Resolves once clients can connect and the tracer is attached.
 */
export async function runService(
  config: ServeConfig,
  log: Logger,
  { entered, state }: Pick<EngineOptions, 'entered' | 'state'>,
): Promise<Service> {
  const rules = rulesOf(config);
  const scope = scopeOf(config.filter);
  const socketRights = rightsOf(config.socket);
  const { tracer, polling: mayPoll, containerSockets } = config;
  const engine = await startEngine({ ...tracer, mayPoll, containerSockets, scope, entered, state, log });
  try {
    const server = await startServer({
      ...config,
      ...describe(engine),
      socketRights,
      token: rules.token,
      log,
    });
    log.info({ urls: server.urls, kernel: engine.kernel }, 'tracing');
    const isTracing = () => engine.source.health() !== null;
    const reload = (next: ServeConfig) => server.admit(rulesOf(next));
    return { url: server.url, isTracing, reload, stop: () => stopAll(server, engine) };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

function rulesOf({ tokenFile, allowHosts, allowOrigins }: ServeConfig) {
  return { token: tokenFile === null ? null : readToken(tokenFile), allowHosts, allowOrigins };
}

function rightsOf({ mode, group }: SocketFile): SocketRights {
  const gid = group === null ? null : groupId(group);
  if (group === null || gid !== null) return { mode, gid };
  const hint = `getent group ${group}; its number may be given as well`;
  throw new PortchurnError('USAGE', `there is no group "${group}" in /etc/group`, { hint });
}

function describe(engine: Engine) {
  const { source, host, kernel } = engine;
  return { source, host, kernel, version: VERSION, dashboardDir: DASHBOARD_DIR };
}

/** Clients are disconnected before the numbers stop. */
async function stopAll(server: { stop(): Promise<void> }, engine: Engine): Promise<void> {
  await server.stop();
  await engine.stop();
}
