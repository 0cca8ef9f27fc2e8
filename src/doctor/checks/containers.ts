/**
 * Whose containers get names: those of which the runtime's files can be read. In: where runtimes keep them. Out: a result for each runtime. That one
 * is not here is no fault.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DIRECTORIES, type Places, placesHere } from '../../system/containers/stores.js';
import type { KernelFacts } from '../../system/kernel.js';
import { capabilityFix } from '../load-failure.js';
import { ok, type Result, warn } from './check.js';

const RUNTIMES: readonly (readonly [id: keyof Places, name: string])[] = [
  ['docker', 'Docker'],
  ['containerd', 'containerd'],
  ['podman', 'Podman'],
];

export function containerChecks(
  { uid }: Pick<KernelFacts, 'uid'>,
  root: string,
  places = placesHere(),
): Result[] {
  return RUNTIMES.map(([id, name]) => {
    const title = `Names of ${name}'s containers`;
    const directories = places[id].map((place) => join(root, place, DIRECTORIES[id]));
    const tried = directories.map((path) => ({ path, refusal: refusalOf(path) }));
    const readable = tried.filter(({ refusal }) => refusal === null);
    const refused = tried.find(({ refusal }) => refusal !== null && refusal !== 'ENOENT');
    if (readable.length > 0) return ok(`names-${id}`, title, `from ${listed(readable)}`);
    if (refused === undefined) return ok(`names-${id}`, title, `none: there is no ${listed(tried)}`);
    const detail = `unknown: ${refused.path} cannot be read (${refused.refusal}); its containers are shown by their ids`;
    return warn(`names-${id}`, title, detail, capabilityFix(['CAP_DAC_READ_SEARCH'], uid));
  });
}

const listed = (tried: readonly { readonly path: string }[]) => tried.map(({ path }) => path).join(', ');

/** The code of the error; null: it can be listed. */
function refusalOf(directory: string): string | null {
  try {
    readdirSync(directory);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EIO';
  }
}
