/** A disk that is full costs lines of the log, nothing else; when there is room again the log goes on. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { churnClient, churnServer } from '../support/churngen.js';
import { Netns } from '../support/netns.js';
import { type Scope, testScope } from '../support/scope.js';
import { serviceBy, serviceWords } from '../support/service.js';

const [DISK_BYTES, LINES, COUNT] = [1 << 20, 100, 200];
const PEER = '127.0.0.1:9000';

function smallDisk(scope: Scope): string {
  const path = scope.directory();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'none', path]);
  scope.use({ end: () => void execFileSync('umount', [path]) });
  return path;
}

/** As much as there is room for. */
function fill(path: string): void {
  expect(() => writeFileSync(path, Buffer.alloc(2 * DISK_BYTES))).toThrow(/ENOSPC/);
}

it('the service whose log finds no room goes on, and writes again when there is room', async () => {
  const scope = testScope();
  const netns = Netns.create(scope);
  const disk = smallDisk(scope);
  const [log, rest] = [join(disk, 'log'), join(disk, 'rest')];
  const service = await serviceBy(scope, [
    ...['sh', '-c', 'log=$1; shift; exec "$@" 2>>"$log"', 'sh', log],
    ...serviceWords('--log-level', 'debug', '--interval', '250'),
  ]);
  const flows = (await service.stream(scope)).subscribe('flows', { filter: `netns:${netns.inode} dir:out` });
  const lines = () => readFileSync(log, 'utf8').split('\n').length;
  // Each writes a line.
  const reload = async () => {
    service.process.signal('SIGHUP');
    await service.get('/healthz');
  };

  fill(rest);
  // The last page of the log has room for some lines.
  for (let i = 0; i < LINES; i++) await reload();
  const before = lines();
  for (let i = 0; i < LINES; i++) await reload();
  await churnServer(scope, netns, [PEER]);
  await (await churnClient(scope, netns, { to: PEER, count: COUNT })).done();
  await flows.until(([row]) => row?.closed === COUNT && row);
  expect(lines()).toBe(before);

  rmSync(rest);
  while (lines() === before) await reload();
  expect(await service.get('/healthz')).toMatchObject({ status: 'ok' });
});
