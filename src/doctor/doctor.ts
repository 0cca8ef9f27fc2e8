/**
 * Can this machine trace? In: this machine. Out: a report, every problem with its exact fix. Its exit code is the one
 * `serve --no-polling` would end with.
 */
import type { NativeAddon } from '../capture/native.js';
import type { DoctorExit, DoctorReport } from '../protocol/doctor.js';
import { readKernelFacts } from '../system/kernel.js';
import { addonChecks, nodeCheck } from './checks/addon.js';
import type { Result } from './checks/check.js';
import { containerChecks, socketChecks } from './checks/containers.js';
import { kernelChecks } from './checks/kernel.js';
import { processChecks } from './checks/process.js';

export interface DoctorOptions {
  /** Put before /proc and /sys. */
  root?: string;
  /** Paths of sockets that the service is to ask for names of containers. */
  containerSockets?: readonly string[];
  /** Loads the addon, checked against this code. */
  load: () => NativeAddon;
}

export async function runDoctor(options: DoctorOptions): Promise<DoctorReport> {
  const root = options.root ?? '';
  const facts = readKernelFacts(root);
  const results = [
    ...kernelChecks(facts, root),
    ...processChecks(facts, root),
    ...(await containerChecks(facts, root)),
    ...(await socketChecks(options.containerSockets ?? [])),
    nodeCheck(),
    ...addonChecks(facts, options.load),
  ];
  const exitCode = worstOf(results);
  const checks = results.map(({ exit: _, ...check }) => check);
  return { ok: exitCode === 0, exitCode, kernel: facts.release, checks };
}

/** What no privilege can give (a kernel feature) before what root can give, before what a build can give. */
const WORST_FIRST: readonly DoctorExit[] = [69, 77, 1];

function worstOf(results: readonly Result[]): DoctorExit {
  return WORST_FIRST.find((exit) => results.some((result) => result.exit === exit)) ?? 0;
}
