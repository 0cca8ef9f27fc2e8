/**
 * `portchurn serve`: runs the service until a signal. stdout gets one line, the URL, when clients can connect; stderr
 * gets the log. Called by command-line.ts.
 */
import { serveConfig, type ValuesOf } from '../../config/serve-config.js';
import { EXIT } from '../../protocol/errors.js';
import { ServiceManager } from '../../service/service-manager.js';
import { aborted, type Io } from '../io.js';
import { createLogger, type Logger } from '../logger.js';

/** Exit code 0 after SIGTERM or SIGINT. Throws when the service cannot start. */
export async function serve(values: ValuesOf<'serve'>, io: Io): Promise<number> {
  const config = serveConfig(values);
  const log = createLogger(values.logLevel);
  for (const warning of io.warnings ?? []) log.warn(warning);
  const { runService } = await import('../../service/service.js');
  const service = await runService(config, log);
  const manager = await serviceManager(io, log);
  io.stdout.write(`${service.url}\n`);
  manager.ready(service.url);
  manager.watch(() => service.isTracing());
  await aborted(io.stop);
  log.info({ reason: io.stop.reason as unknown }, 'stopping');
  manager.stopping();
  await service.stop();
  return EXIT.ok;
}

async function serviceManager({ env }: Io, log: Logger): Promise<ServiceManager> {
  const { openAddon } = await import('../../engine/addon.js');
  return new ServiceManager({
    env,
    pid: process.pid,
    send: (address, text) => openAddon().sendDatagram(address, text),
    failed: (err) => log.warn({ err }, 'the service manager was not told'),
  });
}
