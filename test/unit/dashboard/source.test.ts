/** What the page's strict policy and hostile process names demand of its sources. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../dashboard/', import.meta.url));
const SRC = join(ROOT, '../src/');
const sources = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.tsx?$/.test(name),
);
const text = (name: string) => readFileSync(join(ROOT, name), 'utf8');

it('never turns text into markup or code', () => {
  expect(sources.length).toBeGreaterThan(10);
  const way =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser/i;
  expect(sources.filter((name) => way.test(text(name)))).toEqual([]);
});

it('takes values only from modules that carry no package, least of all the schema library', () => {
  const values = /^import (?!type\b)[^;]*?from '([^']*)'/gm;
  const valuesOf = (file: string) =>
    [...readFileSync(file, 'utf8').matchAll(values)].map(([, from]) => from ?? '');
  const shared = (file: string): string[] =>
    valuesOf(file)
      .filter((from) => from.startsWith('.'))
      .map((from) => join(dirname(file), from.replace(/\.js$/, '.ts')))
      .filter((path) => path.startsWith(SRC));
  const reached = new Set<string>();
  const reach = (file: string) => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const next of shared(file)) reach(next);
  };
  for (const name of sources) for (const file of shared(join(ROOT, name))) reach(file);
  expect(reached).toContain(join(SRC, 'protocol/names.ts'));
  const packages = [...reached].flatMap((file) => valuesOf(file).filter((from) => !from.startsWith('.')));
  expect(packages).toEqual([]);
});

it('has no inline script, no inline style and nothing from elsewhere in index.html', () => {
  const html = text('index.html');
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|https?:/);
  expect(
    [...html.matchAll(/<script([^>]*)>([^<]*)</g)].map(([, attributes, body]) => [attributes, body]),
  ).toEqual([[' type="module" src="./main.tsx"', '']]);
});
