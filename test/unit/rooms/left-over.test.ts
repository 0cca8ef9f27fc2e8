/** Which network namespaces of tests are left over. */
import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isLeftOver } from '../../support/netns.js';

const INODE = Number(readlinkSync('/proc/self/ns/pid').replace(/\D/g, ''));
const end = (inode: number) => (inode % 36 ** 3).toString(36);
const ENDED = spawnSync('true').pid;

it.each([
  ['of a run that has ended', `pct${end(INODE)}-${ENDED}-1`, true],
  ['of this run', `pct${end(INODE)}-${process.pid}-1`, false],
  ['of a run in a container, whose pid is none of ours', `pct${end(INODE + 1)}-${ENDED}-1`, false],
  ['of somebody else', `blue-${ENDED}-1`, false],
])('one %s: %s, %s', (_, name, left) => {
  expect(isLeftOver(name)).toBe(left);
});
