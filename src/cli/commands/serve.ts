/**
 * `portchurn serve`: runs the service until a signal. In: options. Out: on stdout one line, the URL, when clients can
 * connect; on stderr the log.
 */
import type { ValuesOf } from '../../config/options.js';
import { serveConfig } from '../../config/serve-config.js';
import { EXIT } from '../../protocol/errors.js';
import type { Backends } from '../backends.js';
import { aborted, type Io } from '../io.js';
import { createLogger } from '../logger.js';

/** Exit code 0 after SIGTERM or SIGINT. Throws when the service cannot start. */
export async function serve(values: ValuesOf<'serve'>, io: Io, backends: Backends): Promise<number> {
  const config = serveConfig(values);
  const log = createLogger(values.logLevel);
  for (const warning of io.warnings ?? []) log.warn(warning);
  const service = await backends.serve({ config, log, env: io.env });
  io.stdout.write(`${service.url}\n`);
  await aborted(io.stop);
  log.info({ reason: io.stop.reason as unknown }, 'stopping');
  await service.stop();
  return EXIT.ok;
}
