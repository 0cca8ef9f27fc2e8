/** The archive, in container runtimes as they come: each reads it, knows it by its name, and runs it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../../scripts/lib/run.js';
import { REFERENCE } from '../../../scripts/package/image/image.js';
import { startContainerd } from '../../support/containerd.js';
import { must } from '../../support/process.js';
import { testScope } from '../../support/scope.js';
import { VERSION } from '../artefacts.js';
import { ARCHIVE } from './pod.js';

/** Each copies all files. */
const SLOW = { withinMs: 200_000 };
/** podman raises these limits, which it may not do in a container. */
const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];

/** Of `podman run` as docs/install.md shows it. */
function documentedFlags(): string[] {
  const text = readFileSync(join(ROOT, 'docs/install.md'), 'utf8');
  const [, flags = ''] = /^podman run (.*?) localhost\/portchurn:/ms.exec(text) ?? [];
  return flags.split(/[\s\\]+/);
}

it('podman loads it; run as docs/install.md says, it can trace', async () => {
  const folder = testScope().directory();
  const storage = ['--storage-driver=vfs', '--root', join(folder, 'root'), '--runroot', join(folder, 'run')];
  const podman = async (...words: string[]) => (await must(['podman', ...storage, ...words], SLOW)).stdout;
  expect(await podman('load', '--quiet', '--input', ARCHIVE)).toContain(REFERENCE);
  const said = await podman('run', ...LIMITS, ...documentedFlags(), REFERENCE, 'doctor');
  expect(said).toMatch(/This machine can trace/);
});

it('containerd imports it for the kubelet, by the same name, and runs it', async () => {
  const scope = testScope();
  const ctr = await startContainerd(scope, scope.directory(), REFERENCE);
  await must(ctr('images', 'import', '--snapshotter', 'native', ARCHIVE), SLOW);
  const words = ['run', '--rm', '--snapshotter', 'native', '--net-host', REFERENCE, 'version'];
  const { stdout } = await must(ctr(...words, 'portchurn', '--version'), SLOW);
  expect(stdout).toMatch(new RegExp(`^${VERSION} \\(`));
});
