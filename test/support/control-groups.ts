/** Control groups of our own, below the root of a hierarchy that is mounted for the test; left with everything in them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { patient } from './patience.js';
import type { Scope } from './scope.js';

/** Of version 2, or the memory controller's of version 1. */
export type Hierarchy = 'unified' | 'memory';

const MOUNT: Readonly<Record<Hierarchy, readonly string[]>> = {
  unified: ['-t', 'cgroup2', 'none'],
  memory: ['-t', 'cgroup', '-o', 'memory', 'none'],
};

/** Where it is mounted. */
export function hierarchy(scope: Scope, which: Hierarchy = 'unified'): string {
  const mount = scope.directory();
  execFileSync('mount', [...MOUNT[which], mount]);
  scope.use({ end: () => void execFileSync('umount', [mount]) });
  return mount;
}

/** Null: since 6.11 a kernel can be built with the memory controller for version 2 alone (CONFIG_MEMCG_V1), as Debian's is. */
export function version1(scope: Scope): string | null {
  try {
    return hierarchy(scope, 'memory');
  } catch (error) {
    const [major = 0, minor = 0] = release().split('.').map(Number);
    if (major > 6 || (major === 6 && minor >= 11)) return null;
    throw error;
  }
}

/** Makes a group with all above it that are missing; deleted at the end. */
export function group(scope: Scope, mount: string, path: string): string {
  const whole = join(mount, path);
  const first = mkdirSync(whole, { recursive: true });
  if (first === undefined) return whole;
  scope.use({
    end: async () => {
      await emptied(whole);
      removeUpTo(first, whole);
    },
  });
  return whole;
}

/** What was killed in it, and what that had started, is gone a moment later. */
async function emptied(directory: string): Promise<void> {
  const end = performance.now() + patient(5000);
  while (performance.now() < end && readFileSync(join(directory, 'cgroup.procs'), 'utf8') !== '')
    await pause(20);
}

/** A group's files are the kernel's: only directories can be removed, and the innermost first. */
function removeUpTo(first: string, directory: string): void {
  rmdirSync(directory);
  if (directory !== first) removeUpTo(first, dirname(directory));
}
