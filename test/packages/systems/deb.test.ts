/** The Debian package, from its installation to its purge, where there is neither a compiler nor Node. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEB } from '../../../scripts/package/deb/control.js';
import { CONFIGURATION } from '../../../scripts/package/deb/unit.js';
import { PACKAGES } from '../../../scripts/package/places.js';
import { COMMANDS } from '../../../src/config/options.js';
import { must } from '../../support/process.js';
import { type Scope, testScope } from '../../support/scope.js';
import { namesCulprit, scene } from '../culprit.js';
import { Debian } from '../debian.js';
import { MAKES, makePackages } from '../make.js';
import { isThisVersion, WAYS } from '../tarball.js';
import { RELEASES } from './releases.js';

const FILE = join(PACKAGES, DEB);

/** Copies it in and installs it; what dpkg says on stderr. */
async function install(debian: Debian, file: string, ...options: string[]): Promise<string> {
  await debian.copy(file, 'tmp/package.deb');
  const { stderr } = await must(debian.words('dpkg', ...options, '--install', '/tmp/package.deb'));
  await debian.sh('rm /tmp/package.deb');
  return stderr;
}

/** The next version: it has another configuration file, as it comes. */
async function nextVersion(scope: Scope): Promise<string> {
  const directory = scope.directory();
  const tree = join(directory, 'tree');
  await must(['dpkg-deb', '--raw-extract', FILE, tree]);
  const edit = (path: string, change: (text: string) => string) =>
    writeFileSync(join(tree, path), change(readFileSync(join(tree, path), 'utf8')));
  edit('DEBIAN/control', (text) => text.replace(/^Version: .*$/m, 'Version: 99.0-1'));
  edit(CONFIGURATION, (text) => `${text}# Of the next version.\n`);
  const next = join(directory, 'next.deb');
  await must(['dpkg-deb', '--root-owner-group', '-Znone', '--build', tree, next]);
  return next;
}

describe.each(RELEASES)('%s', (release) => {
  it('installs it without a word; doctor finds nothing amiss; root and the unit’s user have a culprit named', async () => {
    const scope = testScope();
    const debian = await Debian.create(scope, release);
    expect(await install(debian, FILE)).toBe('');
    expect(await debian.sh('dpkg --verify portchurn')).toBe('');
    await debian.sh('! command -v node cc gcc clang');
    for (const { as } of WAYS) {
      const portchurn = debian.words(...as('/usr/bin/portchurn'));
      await isThisVersion(portchurn);
      await namesCulprit(portchurn, await scene(scope, portchurn));
    }
  });

  it('an upgrade and a removal keep what was configured, a purge leaves nothing', async () => {
    const scope = testScope();
    const debian = await Debian.create(scope, release);
    const configured = () => debian.sh(`cat ${CONFIGURATION}`);
    await install(debian, FILE);
    await debian.sh(`echo 'redact: true' >> ${CONFIGURATION}; echo secret > /etc/portchurn/token`);
    const before = await configured();
    expect(before).toContain('\nlisten:\n');
    const said = await install(debian, await nextVersion(scope), '--force-confdef');
    expect(said).toContain('Keeping old config file as default');
    expect(await debian.sh('dpkg-query --show portchurn')).toBe('portchurn\t99.0-1\n');
    expect(await configured()).toBe(before);
    await debian.sh(STATE);
    await debian.sh('dpkg --remove portchurn');
    expect(await configured()).toBe(before);
    await debian.sh('! test -e /usr/lib/portchurn && test -e /var/lib/portchurn/incidents');
    await debian.sh('dpkg --purge portchurn');
    expect(await debian.sh("find / -xdev -name '*portchurn*'")).toBe('');
  });
});

/** What systemd and the service leave: the state directory of a user that systemd makes. */
const STATE = `
mkdir -p /var/lib/private/portchurn
ln -s private/portchurn /var/lib/portchurn
touch /var/lib/portchurn/incidents`;

it('lintian has nothing to say that is not explained', async () => {
  const words = ['lintian', '--allow-root', '--fail-on', 'error,warning', '--display-level', '>=warning'];
  expect((await must([...words, FILE], { withinMs: 280_000 })).stdout).toBe('');
});

it('it has completions of this very command line, a manual page for each command, and lists what is in it', async () => {
  const debian = await Debian.create(testScope(), 'bookworm');
  await install(debian, FILE);
  const places = {
    bash: '/usr/share/bash-completion/completions/portchurn',
    zsh: '/usr/share/zsh/vendor-completions/_portchurn',
    fish: '/usr/share/fish/vendor_completions.d/portchurn.fish',
  };
  for (const [shell, path] of Object.entries(places))
    await debian.sh(`portchurn completion ${shell} | cmp - ${path}`);
  const pages = Object.keys(COMMANDS).map((name) => `usr/share/man/man1/portchurn-${name}.1.gz`);
  const lists = ['sbom.cdx.json', 'LICENCES.txt.gz', 'copyright'].map(
    (name) => `usr/share/doc/portchurn/${name}`,
  );
  const files = await debian.sh('dpkg --listfiles portchurn');
  for (const file of [...pages, ...lists]) expect(files).toContain(`/${file}\n`);
});

it('built once more, it has the same bytes; SHA256SUMS says so', MAKES, async () => {
  const sums = readFileSync(join(PACKAGES, 'SHA256SUMS'), 'utf8');
  expect(sums).toContain(`  ${DEB}\n`);
  await makePackages('deb');
  expect(readFileSync(join(PACKAGES, 'SHA256SUMS'), 'utf8')).toBe(sums);
  await must(['sha256sum', '--check', '--strict', 'SHA256SUMS'], { cwd: PACKAGES });
});
