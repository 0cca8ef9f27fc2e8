/**
 * `portchurn serve`: runs the service until a signal; SIGHUP makes it read token and configuration anew. In: options. Out: on
 * stdout one line, the URL, when clients can connect; on stderr the log.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ValuesOf } from '../../config/options.js';
import { type ServeConfig, serveConfig } from '../../config/serve-config.js';
import { EXIT } from '../../protocol/errors.js';
import type { Backends, ServiceHandle } from '../backends.js';
import { aborted, type Io } from '../io.js';
import { createLogger, type Logger } from '../logger.js';

/** Exit code 0 after SIGTERM or SIGINT. Throws when the service cannot start. */
export async function serve(
  values: ValuesOf<'serve'>,
  io: Io,
  backends: Backends,
  again: () => ValuesOf<'serve'>,
): Promise<number> {
  const config = serveConfig(values);
  const log = createLogger(values.logLevel);
  for (const warning of io.warnings ?? []) log.warn(warning);
  const service = await backends.serve({ config, log, env: io.env });
  io.onHangUp?.(() => reload(service, config, again, log));
  io.stdout.write(`${service.url}\n`);
  await aborted(io.stop);
  log.info({ reason: io.stop.reason as unknown }, 'stopping');
  await service.stop();
  return EXIT.ok;
}

/** A mistake in the file or a missing token changes nothing: the service goes on as it was. */
function reload(
  service: ServiceHandle,
  running: ServeConfig,
  again: () => ValuesOf<'serve'>,
  log: Logger,
): void {
  try {
    const values = again();
    const config = serveConfig(values);
    service.reload(config);
    log.level = values.logLevel;
    const restart = FIXED_KEYS.filter((key) => !isDeepStrictEqual(config[key], running[key]));
    if (restart.length > 0) log.warn({ restart }, 'reloaded, but these change with a restart only');
    else log.info('reloaded');
  } catch (err) {
    log.error({ err }, 'not reloaded: the service goes on as it was');
  }
}

/** What a running service cannot change. */
const FIXED_KEYS = [
  'listen',
  'socket',
  'intervalMs',
  'filter',
  'onIncident',
  'stateDir',
  'containerSockets',
  'tracer',
  'polling',
] as const;
