/** What `npm run package` is asked for. In: its words. Out: kinds of packages, and for which processors. */
import { parseArgs } from 'node:util';
import { Stop } from '../lib/run.js';
import { ARCHS } from './targets.js';

/** @typedef {import('./targets.js').Arch} Arch */
/** @typedef {(typeof KINDS)[number]} Kind */

const KINDS = /** @type {const} */ (['npm', 'tar', 'deb', 'image']);
/** What is made for x64 alone. */
const ONE_ARCH = /** @type {readonly Kind[]} */ (['deb', 'image']);
const USAGE = `Say which packages: npm run package -- ${KINDS.join('|')}|all [--arch ${ARCHS.join('|')}]`;

/** @param {string[]} words */
function parse(words) {
  try {
    const options = /** @type {const} */ ({ arch: { type: 'string', multiple: true } });
    const { positionals, values } = parseArgs({ args: words, options, allowPositionals: true });
    return { named: positionals, archs: values.arch ?? [] };
  } catch {
    throw new Stop(USAGE, 2);
  }
}

/**
 * All that is released, or the kinds that are named; the image is made of the tarball.
 * @param {string[]} words
 * @returns {{ kinds: Kind[], archs: Arch[] }} in the order in which they are made
 */
export function choiceOf(words) {
  const { named, archs } = parse(words);
  if (words.join() === 'all') return { kinds: [...KINDS], archs: [...ARCHS] };
  const wanted = archs.length > 0 ? archs : ['x64'];
  const kinds = KINDS.filter((kind) => named.includes(kind) || (kind === 'tar' && named.includes('image')));
  const chosen = ARCHS.filter((arch) => wanted.includes(arch));
  const strange = [...named, ...wanted].some((word) => ![...KINDS, ...ARCHS].some((known) => known === word));
  if (named.length === 0 || strange) throw new Stop(USAGE, 2);
  if (!chosen.includes('x64') && kinds.some((kind) => ONE_ARCH.includes(kind)))
    throw new Stop(`${ONE_ARCH.join(' and ')} are made for x64 only`, 2);
  return { kinds, archs: chosen };
}
