/**
 * Whose containers get names: those of which the runtime's files can be read, or whose socket answers. In: where runtimes keep them; sockets that are to
 * be asked. Out: a result for each. That a runtime is not here is no fault.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiError, listContainers } from '../../system/containers/api.js';
import { Disk } from '../../system/containers/disk.js';
import { placesHere, type Stored } from '../../system/containers/stores.js';
import type { KernelFacts } from '../../system/kernel.js';
import {
  type Found,
  filesOf,
  nothingThere,
  RUNTIME_NAMES,
  refusedProblem,
  socketProblem,
  unknownProblem,
} from '../container-names.js';
import { ok, type Result, warn } from './check.js';

/** Their names lie in a user's home, and what a user's groups are called says nothing. */
const ROOTLESS = 'a user’s own (rootless) are shown by their ids';
/** Where CRI-O has its socket. */
const CRIO = '/run/crio';

const SOCKET_WITHIN_MS = 10_000;

export async function containerChecks(
  { uid }: Pick<KernelFacts, 'uid'>,
  root: string,
  places = placesHere(),
  disk = new Disk(),
): Promise<Result[]> {
  const runtimes = Object.keys(RUNTIME_NAMES) as Stored[];
  const known = await Promise.all(
    runtimes.map(async (runtime) => checkOf(runtime, await filesOf(runtime, places, { root, disk }), uid)),
  );
  return existsSync(join(root, CRIO)) ? [...known, crioCheck()] : known;
}

function checkOf(runtime: Stored, found: Found, uid: number): Result {
  const [id, title] = [`names-${runtime}`, `Names of ${RUNTIME_NAMES[runtime]}'s containers`];
  const rootless = runtime === 'podman' ? `; ${ROOTLESS}` : '';
  if (found.readable.length > 0) return ok(id, title, `from ${found.readable.join(', ')}${rootless}`);
  if (found.refused === null) return ok(id, title, `none: ${nothingThere(found)}`);
  const { what, why, fix } = refusedProblem(runtime, found.refused, uid);
  return warn(id, title, `${what} ${why}`, fix ?? '');
}

function crioCheck(): Result {
  const { what, why, fix } = unknownProblem('CRI-O');
  return warn('names-cri-o', 'Names of CRI-O’s containers', `${what} ${why}`, fix ?? '');
}

/** @param paths of --container-socket */
export function socketChecks(paths: readonly string[]): Promise<Result[]> {
  return Promise.all(paths.map(socketCheck));
}

async function socketCheck(path: string): Promise<Result> {
  const [id, title] = ['container-socket', `Names of containers from ${path}`];
  let count = 0;
  try {
    await listContainers(path, { withinMs: SOCKET_WITHIN_MS }, () => {
      count += 1;
    });
    return ok(id, title, `it answers, ${count} ${count === 1 ? 'container runs' : 'containers run'}`);
  } catch (error) {
    const { what, why, fix } = socketProblem(path, (error as ApiError).code);
    return warn(id, title, `${what} ${why}`, fix ?? '');
  }
}
