/** The library `portchurn/client`. In: src/client/face/. Out: WORK/client: a bundle for Node, one for browsers, their types. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, ROOT } from '../lib/run.js';
import { PRODUCTION } from '../lib/steps.js';
import { clientTypes } from './declarations.js';
import { WORK } from './places.js';

export const CLIENT = join(WORK, 'client');

/** Of the package's manifest: who imports what. */
export const EXPORTS = {
  './client': {
    types: './dist/client/index.d.ts',
    browser: './dist/client/browser.js',
    node: './dist/client/node.js',
    default: './dist/client/browser.js',
  },
  './package.json': './package.json',
};

export async function buildClient() {
  rmSync(CLIENT, { recursive: true, force: true });
  const vite = join(ROOT, 'node_modules/.bin/vite');
  const words = ['build', '--config', join(ROOT, 'scripts/package/client.config.js'), '--outDir', CLIENT];
  for (const platform of ['node', 'browser'])
    await must('Bundling the client', vite, [...words, '--mode', platform], PRODUCTION);
  writeFileSync(join(CLIENT, 'index.d.ts'), clientTypes());
}
