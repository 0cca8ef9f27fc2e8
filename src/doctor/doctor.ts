/**
 * Can this machine trace? Enters: this machine. Leaves: a report, every problem with its exact fix.
 * Called by `portchurn doctor`. Its exit code is the one `serve --no-polling` would end with.
 */
import { loadAddon } from '../capture/load-addon.js';
import type { NativeAddon } from '../capture/native.js';
import type { DoctorExit, DoctorReport } from '../protocol/doctor.js';
import { readKernelFacts } from '../system/kernel.js';
import { addonChecks, nodeCheck } from './checks/addon.js';
import type { Result } from './checks/check.js';
import { kernelChecks } from './checks/kernel.js';
import { processChecks } from './checks/process.js';

export interface DoctorOptions {
  /** Put before /proc and /sys. */
  root?: string;
  load?: () => NativeAddon;
}

export async function runDoctor(options: DoctorOptions = {}): Promise<DoctorReport> {
  const root = options.root ?? '';
  const facts = readKernelFacts(root);
  const results = [
    ...kernelChecks(facts, root),
    ...processChecks(facts, root),
    nodeCheck(),
    ...addonChecks(facts, options.load ?? loadAddon),
  ];
  const exitCode = worstOf(results);
  const checks = results.map(({ exit: _, ...check }) => check);
  return { ok: exitCode === 0, exitCode, kernel: facts.release, checks };
}

/** What nobody can give (a kernel feature) before what root can give, before what a build can give. */
const WORST_FIRST: readonly DoctorExit[] = [69, 77, 1];

function worstOf(results: readonly Result[]): DoctorExit {
  return WORST_FIRST.find((exit) => results.some((result) => result.exit === exit)) ?? 0;
}
