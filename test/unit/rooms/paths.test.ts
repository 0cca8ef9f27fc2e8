/** What the documents name exists: a recipe that leads to a file that was moved is worse than none. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { TIERS } from '../../../scripts/lib/tiers.js';
import { ROOT } from './imports.js';

const ROOTS = 'bench|bin|bpf|dashboard|deploy|docs|native|scripts|src|test';
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');

const DOCS = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => join('docs', name));

it.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'bench/README.md', ...DOCS])(
  '%s names files and folders that exist',
  (document) => {
    const quoted = [...read(document).matchAll(new RegExp(`\`((?:${ROOTS})/[^\`\\s]*)\``, 'g'))];
    const linked = [...read(document).matchAll(new RegExp(`\\]\\(((?:${ROOTS})/[^)#]*)`, 'g'))];
    const paths = [...quoted, ...linked].map(([, path]) => path as string);
    /* A pattern or a placeholder: `bpf/<name>.bpf.c`, `rules/NAME.ts`. */
    const concrete = paths.filter((path) => !/[<*]|\b(NAME|ROOM)\b/.test(path));
    expect(concrete.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  },
);

it('CONTRIBUTING.md has every tier with its budget', () => {
  const rows = [...read('CONTRIBUTING.md').matchAll(/^\| `(\w+)` \|.*\| (\d+) s \|$/gm)];
  const written = rows.map(([, name, budget]) => [name, Number(budget)]);
  expect(written).toEqual(TIERS.map(({ name, budget }) => [name, budget]));
});

it('the code map has every folder of sources', () => {
  const map = /^## Code map\n(.*?)^## /ms.exec(read('ARCHITECTURE.md'))?.[1] ?? '';
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  const folders = new Set(files.filter((name) => name.endsWith('.ts')).map((name) => dirname(name)));
  const below = [...folders].filter((folder) => folder.includes('/'));
  expect(below.length).toBeGreaterThan(30);
  expect(below.filter((folder) => !map.includes(`${basename(folder)}/\``))).toEqual([]);
});

it.each(DOCS)('%s has no heading twice: a link would lead to the first', (document) => {
  const headings = [...read(document).matchAll(/^##+ (.*)$/gm)].map(([, title]) => title);
  expect(headings.filter((title, at) => headings.indexOf(title) !== at)).toEqual([]);
});
