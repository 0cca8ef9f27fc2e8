/**
 * Is a step of set-up still done? A step's stamp holds what its inputs looked like (paths, times, sizes) when it last
 * ran. Reading a few hundred stats takes milliseconds, so a second `npm start` starts at once. In: file system. Out:
 * stamps in out/stamps/.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './run.js';

const STAMPS = join(ROOT, 'out/stamps');

/**
 * One line per file below `path`: an empty list when there is no such file.
 * @param {string} path relative to the root, or absolute
 * @returns {string[]}
 */
function describe(path) {
  const at = path.startsWith('/') ? path : join(ROOT, path);
  const stat = lstatSync(at, { throwIfNoEntry: false });
  if (!stat) return [];
  if (stat.isDirectory())
    return readdirSync(at)
      .sort()
      .flatMap((name) => describe(join(path, name)));
  return [`${path} ${stat.mtimeMs} ${stat.size}`];
}

/**
 * The root is part of it: a moved or copied tree is built anew, since CMake's cache holds absolute paths.
 * @param {string[]} inputs
 */
export function signature(inputs) {
  return [ROOT, ...inputs.flatMap(describe)].join('\n');
}

/**
 * @param {string} name of the step
 * @param {string[]} inputs
 * @param {string[]} outputs
 */
export function fresh(name, inputs, outputs) {
  const stamp = join(STAMPS, name);
  if (!existsSync(stamp) || outputs.some((path) => !existsSync(join(ROOT, path)))) return false;
  return readFileSync(stamp, 'utf8') === signature(inputs);
}

/**
 * @param {string} name of the step
 * @param {string} seen the signature from before the step ran: a file changed meanwhile makes it run again
 */
export function mark(name, seen) {
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(join(STAMPS, name), seen);
}
