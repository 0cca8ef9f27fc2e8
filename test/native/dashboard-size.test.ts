/** The page is read over slow links during incidents: the built page stays small, and what it needs to begin with smaller. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

const BUILT = fileURLToPath(new URL('../../dist/dashboard/', import.meta.url));
const MOST_FIRST = 70_000;
const MOST_BYTES = 120_000;

const gzipped = (paths: readonly string[]) =>
  paths.reduce((sum, path) => sum + gzipSync(readFileSync(join(BUILT, path))).length, 0);

it('what is fetched before the page can draw is at most 70 KB, gzipped', () => {
  const html = readFileSync(join(BUILT, 'index.html'), 'utf8');
  const named = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, path]) => path as string);
  expect(named.filter((path) => path.endsWith('.js')).length).toBeGreaterThan(0);
  expect(named.filter((path) => path.endsWith('.css')).length).toBeGreaterThan(0);
  expect(gzipped(['index.html', ...named])).toBeLessThanOrEqual(MOST_FIRST);
});

it('the whole page is at most 120 KB, gzipped', () => {
  const files = readdirSync(BUILT, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map(({ parentPath, name }) => join(parentPath, name).slice(BUILT.length));
  expect(paths.some((path) => path.endsWith('.js'))).toBe(true);
  expect(gzipped(paths)).toBeLessThanOrEqual(MOST_BYTES);
});
