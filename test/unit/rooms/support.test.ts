/** test/support is what several test files share: a helper that one of them uses stands beside it. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './imports.js';

const SUPPORT = 'test/support/';
const isCode = (path: string) => /\.(ts|js|py)$/.test(path);
const below = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(isCode)
    .map((path) => join(folder, path));

const FILES = ['test', 'bench', 'scripts'].flatMap(below);
const TEXTS = new Map(FILES.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));

/** An import names the compiled file; a script in Python is started by its name. */
function mentions(text: string, helper: string): boolean {
  const name = basename(helper).replace(/\.ts$/, '.js');
  return [`/${name}'`, `'${name}'`].some((quoted) => text.includes(quoted));
}

const usersOf = (helper: string) =>
  FILES.filter((path) => path !== helper && mentions(TEXTS.get(path) as string, helper));

/** Those that are no helpers themselves, also where it is used through another helper. */
function testsWith(helper: string, seen = new Set([helper])): Set<string> {
  const tests = new Set<string>();
  for (const user of usersOf(helper).filter((path) => !seen.has(path))) {
    seen.add(user);
    const found = user.startsWith(SUPPORT) ? testsWith(user, seen) : [user];
    for (const test of found) tests.add(test);
  }
  return tests;
}

it.each(below(SUPPORT))('%s is used by at least two files', (helper) => {
  const tests = [...testsWith(helper)];
  expect(tests.length, `${helper} belongs beside ${tests[0] ?? 'nothing'}`).toBeGreaterThan(1);
});
