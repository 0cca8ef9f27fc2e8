/** How packages are built: what the addon needs, that it is the clone's, and that the same sources make the same bytes. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../scripts/lib/run.js';
import { addonOf, buildOf, lackingObjects, needsOf } from '../../scripts/package/addon.js';
import { CLIENT } from '../../scripts/package/client.js';
import { PACKAGES } from '../../scripts/package/places.js';
import { must } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { NPM_TARBALL, TARBALL } from './artefacts.js';
import { MAKES, makePackages } from './make.js';

const BUILT = join(ROOT, 'out/bpf');

it('the addon needs nothing that a system with glibc 2.28 lacks', () => {
  expect(needsOf(addonOf('x64'))).toEqual([]);
});

it('the BPF objects in the addon are byte for byte those of the clone', () => {
  expect(lackingObjects(addonOf('x64'))).toEqual([]);
  expect(lackingObjects(process.execPath)).toEqual(
    readdirSync(BUILT).filter((name) => /\.bpf\.o$/.test(name)),
  );
});

it('built once more, every package has the same bytes; SHA256SUMS says so', MAKES, async () => {
  const sums = readFileSync(join(PACKAGES, 'SHA256SUMS'), 'utf8');
  for (const path of [buildOf('x64'), CLIENT, join(ROOT, 'dist')]) rmSync(path, { recursive: true });
  await makePackages('npm', 'tar');
  expect(readFileSync(join(PACKAGES, 'SHA256SUMS'), 'utf8')).toBe(sums);
  await must(['sha256sum', '--check', '--strict', 'SHA256SUMS'], { cwd: PACKAGES });
  for (const name of [NPM_TARBALL, TARBALL]) expect(sums).toContain(`  ${basename(name)}\n`);
});

const USE = `
import { connect, PortchurnError } from './index.js';
const client = connect('http://127.0.0.1:7790', { onLink: (link) => link.phase === 'lost' && link.reason });
for await (const rows of client.table('flows', { sort: '-timeWait', limit: 5 })) {
  const held: number | null | undefined = rows[0]?.timeWait;
  held?.toFixed();
}
for await (const { events, dropped } of client.events()) events[0]?.errno?.concat(dropped.toFixed());
// @ts-expect-error: there is no such table
client.table('nothing');
export const isOurs = (error: unknown): boolean => error instanceof PortchurnError;
`;

it('the client’s types are complete in themselves: a strict program compiles with nothing else', async () => {
  const directory = testScope().directory();
  const types = readFileSync(join(CLIENT, 'index.d.ts'), 'utf8');
  expect(types).not.toMatch(/^import|import\(|Static</m);
  writeFileSync(join(directory, 'index.d.ts'), types);
  writeFileSync(join(directory, 'use.ts'), USE);
  writeFileSync(join(directory, 'package.json'), '{"type": "module"}');
  const words = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022'];
  const done = await must([join(ROOT, 'node_modules/.bin/tsc'), ...words, join(directory, 'use.ts')]);
  expect(done.stdout).toBe('');
});
