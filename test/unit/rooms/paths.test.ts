/** What the documents name exists: a recipe that leads to a file that was moved is worse than none. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TIERS } from '../../../scripts/lib/tiers.js';
import { ROOT } from './imports.js';

const ROOTS = 'bench|bin|bpf|dashboard|deploy|docs|native|scripts|src|test';
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');

it.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'bench/README.md'])(
  '%s names files and folders that exist',
  (document) => {
    const quoted = [...read(document).matchAll(new RegExp(`\`((?:${ROOTS})/[^\`\\s]*)\``, 'g'))];
    const linked = [...read(document).matchAll(new RegExp(`\\]\\(((?:${ROOTS})/[^)#]*)`, 'g'))];
    const paths = [...quoted, ...linked].map(([, path]) => path as string);
    /* A pattern or a placeholder: `bpf/<name>.bpf.c`, `rules/NAME.ts`. */
    const concrete = paths.filter((path) => !/[<*]|\bNAME\b/.test(path));
    expect(concrete.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  },
);

it('CONTRIBUTING.md has every tier with its budget', () => {
  const rows = [...read('CONTRIBUTING.md').matchAll(/^\| `(\w+)` \|.*\| (\d+) s \|$/gm)];
  const written = rows.map(([, name, budget]) => [name, Number(budget)]);
  expect(written).toEqual(TIERS.map(({ name, budget }) => [name, budget]));
});
