/** What a service may leave behind in the kernel, and must not. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { NativeAddon } from '../../src/capture/native.js';
import { heldPrograms } from './held.js';
import { must } from './process.js';
import { ROOT } from './service.js';

/** Waits until the kernel has freed all these BPF programs; throws when it keeps one. */
export async function programsGone(ids: readonly string[]): Promise<void> {
  await must([join(ROOT, 'out/tools/bpfprogs'), ...ids], { withinMs: 15_000 });
}

/** Pids whose parent is `pid`. */
export function children(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((it) => parentOf(it) === pid);
}

/** Null when the process has ended in between. */
function parentOf(pid: number): number | null {
  try {
    const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) (?=[A-Z] )/);
    return Number(rest.split(' ')[1]);
  } catch {
    return null;
  }
}

/** Opens, attaches and closes a tracer so many times: none of its programs may stay. */
export async function opensAndCloses(addon: NativeAddon, times: number): Promise<void> {
  const all: string[] = [];
  for (let i = 0; i < times; i++) {
    const tracer = addon.openTracer({ ringBytes: 1 << 16, syscalls: i % 2 === 0 });
    tracer.attach();
    const ids = heldPrograms('self');
    expect(ids.length).toBeGreaterThan(0);
    tracer.close();
    expect(heldPrograms('self')).toEqual([]);
    all.push(...ids);
  }
  await programsGone(all);
}
