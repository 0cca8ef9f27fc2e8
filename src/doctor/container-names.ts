/**
 * Why containers are shown by their ids, and what would mend that: the same words in the doctor, the log and the notices. In: where runtimes keep the
 * names, what a socket's last question came to. Out: problems.
 */
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { counted, integer } from '../protocol/format.js';
import type { Problem } from '../protocol/frames.js';
import { Disk, NO_ANSWER, NoAnswer, WITHIN_MS } from '../system/containers/disk.js';
import { DIRECTORIES, type Places, type Stored } from '../system/containers/stores.js';
import type { Runtime } from '../system/parse/container.js';
import { capabilityFix } from './load-failure.js';

export const RUNTIME_NAMES: Readonly<Record<Stored, string>> = {
  docker: 'Docker',
  containerd: 'containerd',
  podman: 'Podman',
};
/** Those whose files are not read. */
const OTHERS: Readonly<Partial<Record<Runtime, string>>> = { 'cri-o': 'CRI-O', garden: 'Garden' };

/** What there is of a runtime's files: directories that can be listed, or why not. */
export interface Found {
  readonly tried: readonly string[];
  readonly readable: readonly string[];
  /** The first that is there and cannot be listed. */
  readonly refused: { readonly path: string; readonly code: string } | null;
}

/** @param root put before each path */
export async function filesOf(
  runtime: Stored,
  places: Places,
  { root = '', disk = new Disk() } = {},
): Promise<Found> {
  const codes = await Promise.all(
    places[runtime].map(async (place) => {
      const path = join(root, place, DIRECTORIES[runtime]);
      const listing = disk.place(join(root, place)).read(() => list(path));
      return { path, code: await listing.catch(codeOf) };
    }),
  );
  return {
    tried: codes.map(({ path }) => path),
    readable: codes.flatMap(({ path, code }) => (code === null ? [path] : [])),
    refused:
      codes.flatMap(({ path, code }) => (code === null || code === 'ENOENT' ? [] : [{ path, code }]))[0] ??
      null,
  };
}

/** Its beginning: there may be any number of containers. */
async function list(path: string): Promise<null> {
  const directory = await opendir(path);
  try {
    await directory.read();
    return null;
  } finally {
    await directory.close();
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'EIO';

const byTheirIds = (name: string) => `Containers of ${name} are shown by their ids, not by their names.`;

/** Its files are there and cannot be read. */
export function refusedProblem(
  runtime: Stored,
  { path, code }: { readonly path: string; readonly code: string },
  uid: number,
): Problem {
  if (code === NO_ANSWER) return hungProblem(runtime, path);
  return {
    what: byTheirIds(RUNTIME_NAMES[runtime]),
    why: `${path} cannot be read (${code}).`,
    fix: capabilityFix(['CAP_DAC_READ_SEARCH'], uid),
  };
}

/** Its files are on a file system whose server is gone. */
export const hungProblem = (runtime: Stored | 'machine', path: string): Problem => ({
  what: `New containers of ${runtime === 'machine' ? 'systemd' : RUNTIME_NAMES[runtime]} are shown by their ids, not by their names.`,
  why: `A read of ${path} has had no answer for ${WITHIN_MS / 1000} seconds, and nothing else is read there meanwhile.`,
  fix: 'Bring back what serves that file system (NFS, FUSE), or give it up: umount --force, with its mount point in /proc/mounts. Names then come by themselves.',
});

export const evictedProblem = (count: number): Problem => ({
  what: `Some containers may be shown by their ids: ${integer(count)} names have found no room beside newer ones.`,
  why: 'Every table is bounded: docs/limits.md says at which figure, and what becomes of the rest.',
  fix: null,
});

const OWN_NAMES = 'no names of its own for addresses that it connects to';

/** The hosts file of a container is on a file system whose server is gone, or never was meant to answer. */
export const silentHostsProblem = (container: string): Problem => ({
  what: `Container ${container} has ${OWN_NAMES}.`,
  why: 'Its /etc/hosts has had no answer for a second: it is on a file system that does not answer (FUSE, NFS).',
  fix: 'Bring back what serves that file system, or end the container. Its names come within ten minutes of an answer.',
});

export const moreSilentHostsProblem = (count: number): Problem => ({
  ...silentHostsProblem(''),
  what: `${counted(count, 'more container')} of which each has ${OWN_NAMES}.`,
});

export const unreadHostsProblem = (count: number): Problem => ({
  what: `${counted(count, 'container')} of which each may have ${OWN_NAMES}, or old ones.`,
  why: 'The files of so many others do not answer that no more are waited for.',
  fix: 'End the containers that are said not to answer.',
});

export const fullHostsProblem: Problem = {
  what: `Of some containers each has ${OWN_NAMES}: hosts files of others have all places.`,
  why: 'Every table is bounded: docs/limits.md says at which figure, and what becomes of the rest.',
  fix: null,
};

/** Its files are not known. */
export const unknownProblem = (name: string): Problem => ({
  what: byTheirIds(name),
  why: 'Where it keeps the names is not known to this version.',
  fix: null,
});

export const nothingThere = ({ tried }: Pick<Found, 'tried'>): string => `there is no ${tried.join(', ')}`;

/**
 * Of a runtime with a container that has no name. Null: its files can be read, so it is that container's affair. Rejects with NoAnswer while the disk
 * does not say it.
 */
export async function namelessProblem(
  runtime: Runtime,
  places: Places,
  uid: number,
  disk?: Disk,
): Promise<Problem | null> {
  const other = OTHERS[runtime];
  if (other !== undefined) return unknownProblem(other);
  if (!(runtime in RUNTIME_NAMES)) return null;
  const known = runtime as Stored;
  const found = await filesOf(known, places, disk && { disk });
  if (found.refused?.code === NO_ANSWER) throw new NoAnswer();
  if (found.refused !== null) return refusedProblem(known, found.refused, uid);
  if (found.readable.length > 0) return null;
  return {
    what: byTheirIds(RUNTIME_NAMES[known]),
    why: `The service sees a container of it, but ${nothingThere(found)}.`,
    fix: MISSING[known],
  };
}

const MISSING: Readonly<Record<Stored, string>> = {
  docker:
    'Name its directory in /etc/docker/daemon.json ("data-root"), show it to the service (docker run -v DIR:DIR:ro), or ask its socket: --container-socket unix:/var/run/docker.sock',
  containerd: 'Show its state directory to the service: docker run -v /run/containerd:/run/containerd:ro',
  podman:
    'Show its directory to the service (podman run -v DIR:DIR:ro), or ask its socket: --container-socket unix:/run/podman/podman.sock',
};

const REFUSED = new Set(['EACCES', 'EPERM']);
const RIGHTS =
  'Let the service open it: SupplementaryGroups= with the group of the socket, or AmbientCapabilities=CAP_DAC_OVERRIDE. Both make the service equal to root: whoever may ask this socket may start any container.';

/** @param code of an ApiError, see src/system/containers/api.ts */
export function socketProblem(path: string, code: string): Problem {
  const what = `What the socket ${path} knows of containers is not shown.`;
  if (REFUSED.has(code)) return { what, why: `It may not be opened (${code}).`, fix: RIGHTS };
  if (code === 'ENOENT') return { what, why: 'There is no such file.', fix: START };
  if (code === 'ECONNREFUSED') return { what, why: 'Nobody listens there.', fix: START };
  if (code === 'TIMEOUT') return { what, why: 'It did not answer in time.', fix: LOOK };
  if (code === 'NOT_JSON' || code === 'TOO_LARGE' || /^HPE_/.test(code))
    return { what, why: `Its answer is none of Docker’s or Podman’s (${code}).`, fix: LOOK };
  return { what, why: `It answered with an error (${code}).`, fix: LOOK };
}

const START =
  'Start the daemon (systemctl start docker.socket, or podman.socket), or name its socket in --container-socket.';
const LOOK = 'See what the daemon says: journalctl -u docker, or -u podman.';
