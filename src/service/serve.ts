/**
 * The service together with its notifications to the service manager. In: configuration, environment. Out: a running service
 * that the manager knows to be ready.
 */
import type { ServeOptions, ServiceHandle } from '../cli/backends.js';
import { openAddon } from '../engine/addon.js';
import { runService } from './service.js';
import { ServiceManager } from './service-manager.js';

export async function serve({ config, log, env }: ServeOptions): Promise<ServiceHandle> {
  const service = await runService(config, log);
  const manager = new ServiceManager({
    env,
    pid: process.pid,
    send: (address, text) => openAddon().sendDatagram(address, text),
    failed: (err) => log.warn({ err }, 'the service manager was not told'),
  });
  manager.ready(service.url);
  manager.watch(() => service.isTracing());
  const stop = async () => {
    manager.stopping();
    await service.stop();
  };
  return { url: service.url, reload: service.reload, stop };
}
