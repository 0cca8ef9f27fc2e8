/** The npm tarball where there is no compiler: Node 20, 22 and 24, npm 11 and 12. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { must } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { bare, NPM_TARBALL, project, type Runtime, runtime, VERSION } from './artefacts.js';
import { CULPRIT, namesCulprit, scene } from './culprit.js';

const PAIRS = [
  { node: '20', npm: '11' },
  { node: '22', npm: '11' },
  { node: '24', npm: '11' },
  { node: '22', npm: '12' },
  { node: '24', npm: '12' },
];

/** `npm install --global`; the words of the command. */
async function installed(scope: Scope, runtime: Runtime): Promise<string[]> {
  const prefix = scope.directory();
  const words = ['install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', NPM_TARBALL];
  const { stdout, stderr } = await must(bare(runtime, ...runtime.npm, ...words));
  expect(stdout).toMatch(/added 1 package/);
  expect(stderr).toBe('');
  return bare(runtime, join(prefix, 'bin/portchurn'));
}

it.each(PAIRS)(
  'node $node, npm $npm: installed without a warning, doctor finds nothing amiss, serve names a culprit',
  async (pair) => {
    const scope = testScope();
    const portchurn = await installed(scope, await runtime(scope, pair.node, pair.npm));
    const version = await must([...portchurn, '--version']);
    expect(version.stdout).toMatch(new RegExp(`^${VERSION} \\([0-9a-f]{12}(-changed)?\\)\\n$`));
    await must([...portchurn, 'doctor']);
    await namesCulprit(portchurn, await scene(scope, portchurn));
  },
);

const PROGRAM = `
import { connect, PortchurnError } from 'portchurn/client';
const client = connect(process.argv[2]);
try {
  for await (const rows of client.table('flows', { filter: 'pid:' })) console.log(rows);
} catch (error) {
  console.log(error instanceof PortchurnError, error.code);
}
for await (const rows of client.table('flows', { sort: '-timeWait' }))
  if (rows.some(({ process, timeWait }) => process.name === ${JSON.stringify(CULPRIT)} && timeWait > 0)) break;
for await (const { events } of client.events({ filter: 'port:8080' }))
  if (events.some(({ type }) => type === 'closed')) break;
client.close();
console.log('named');
`;

it.each(PAIRS)(
  'node $node, npm $npm: a program has it as a dependency, and uses the library',
  async (pair) => {
    const scope = testScope();
    const bin = await runtime(scope, pair.node, pair.npm);
    const folder = await project(scope, bin);
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'portchurn',
    ]);
    const portchurn = bare(bin, join(folder, 'node_modules/.bin/portchurn'));
    const { url } = await scene(scope, portchurn);
    writeFileSync(join(folder, 'program.js'), PROGRAM);
    const done = await must(bare(bin, bin.node, join(folder, 'program.js'), url));
    expect(done).toMatchObject({ stdout: 'true BAD_FILTER\nnamed\n', stderr: '' });
  },
);

it('the package has no dependency and no script, and says what is in it', async () => {
  const scope = testScope();
  const folder = join(await project(scope, await runtime(scope, '24', '11')), 'node_modules/portchurn');
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  expect(Object.keys(manifest).filter((key) => /^scripts$|ependencies/i.test(key))).toEqual([]);
  const { components } = JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8'));
  const names = components.map(({ name }: { name: string }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['elfutils', 'gcc-10', 'libbpf', 'preact', 'uplot', 'ws', 'zlib']),
  );
  const licences = readFileSync(join(folder, 'LICENCES.txt'), 'utf8');
  for (const { name, version } of components) expect(licences).toContain(`\n${name} ${version}: `);
});
