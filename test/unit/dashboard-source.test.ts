/** What the page's strict policy and hostile process names demand of its sources. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../dashboard/', import.meta.url));
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

it('takes values only from modules that carry nothing else, least of all the schema library', () => {
  const values = /^import (?!type\b)[^;]*?from '[./]*src\/([^']*)\.js'/gm;
  const used = new Set(
    sources.flatMap((name) => [...text(name).matchAll(values)].map(([, module]) => module)),
  );
  expect(used).toContain('protocol/names');
  const carries = (module: string) => /^import (?!type\b)/m.test(text(`../src/${module}.ts`));
  expect([...used].filter((module) => !module?.startsWith('protocol/') || carries(module))).toEqual([]);
});

it('has no inline script, no inline style and nothing from elsewhere in index.html', () => {
  const html = text('index.html');
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|https?:/);
  expect(
    [...html.matchAll(/<script([^>]*)>([^<]*)</g)].map(([, attributes, body]) => [attributes, body]),
  ).toEqual([[' type="module" src="./main.tsx"', '']]);
});
