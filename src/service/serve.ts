/**
 * The service together with whom it notifies: the service manager, and a program for incidents. In: configuration, environment. Out: a
 * running service that the manager knows to be ready.
 */
import type { ServeOptions, ServiceHandle } from '../cli/backends.js';
import { openAddon } from '../engine/addon.js';
import { StateDirectory } from '../engine/restart/state-directory.js';
import type { IncidentRow } from '../protocol/rows.js';
import { bootId } from '../system/kernel.js';
import { commandWords, IncidentCommand } from './incident-command.js';
import { IncidentStatus } from './incident-status.js';
import { runService } from './service.js';
import { ServiceManager } from './service-manager.js';

export async function serve({ config, log, env }: ServeOptions): Promise<ServiceHandle> {
  const { onIncident } = config;
  const command =
    onIncident === null ? null : new IncidentCommand(commandWords(onIncident, env), inherited(env), log);
  const manager = new ServiceManager({
    env,
    pid: process.pid,
    send: (address, text) => openAddon().sendDatagram(address, text),
    failed: (err) => log.warn({ err }, 'the service manager was not notified'),
  });
  const status = new IncidentStatus((text) => manager.status(text));
  const entered = (incident: IncidentRow) => {
    status.report(incident);
    command?.report(incident);
  };
  const directory = config.stateDir ?? env.STATE_DIRECTORY?.split(':')[0] ?? null; // systemd.exec(5), StateDirectory=
  const state = directory === null ? undefined : new StateDirectory(directory, bootId(), log);
  const service = await runService(config, log, { entered, state });
  manager.ready(status.of(service.url));
  manager.watch(() => service.isTracing());
  const stop = async () => {
    manager.stopping();
    command?.stop();
    await service.stop();
  };
  return { url: service.url, reload: service.reload, stop };
}

/** A program that is run must not speak to the service manager in our name. */
function inherited(env: ServeOptions['env']): ServeOptions['env'] {
  const { NOTIFY_SOCKET: _, WATCHDOG_USEC: _usec, WATCHDOG_PID: _pid, ...rest } = env;
  return rest;
}
