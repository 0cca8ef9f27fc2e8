/**
 * What the command line runs, implemented: see src/cli/backends.ts. Each part is imported when it is asked for, so that a
 * command which attaches to a running service loads neither the addon nor the server.
 */
import type { Backends, Tracing, TracingRequest } from '../cli/backends.js';

export const BACKENDS: Backends = {
  serve: async (options) => (await import('./serve.js')).serve(options),
  startTracing,
  startChildService: async (tracer) => (await import('./child-service.js')).startChildService(tracer),
  openStage: async () => (await import('./demo-stage.js')).openStage(),
  tcpOwner: async (local, remote) => (await import('../engine/addon.js')).openAddon().tcpOwner(local, remote),
  doctor: async (containerSockets) => {
    const { runDoctor } = await import('../doctor/doctor.js');
    const { openAddon } = await import('../engine/addon.js');
    return runDoctor({ load: openAddon, containerSockets });
  },
};

async function startTracing({ tracer, pids, log }: TracingRequest): Promise<Tracing> {
  const { startEngine } = await import('../engine/engine.js');
  const filter = pids.length === 0 ? {} : { filter: { tgids: [...pids], ports: [], netns: [] } };
  return startEngine({ ...tracer, ...filter, log });
}
