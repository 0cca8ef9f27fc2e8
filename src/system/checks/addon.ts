/**
 * Checks of what was built: Node's version, the addon, and whether the kernel takes its programs. Enters: a function
 * that loads the addon. Leaves: results. Called by doctor.
 */
import type { NativeAddon, NativeError } from '../../capture/native.js';
import { EXIT, PortchurnError } from '../../errors.js';
import type { VerdictPath } from '../../protocol/frames.js';
import type { KernelFacts } from '../kernel.js';
import { verdictLimits } from '../limits.js';
import { explainLoadFailure } from '../load-failure.js';
import { type DoctorExit, fail, ok, type Result, warn } from './check.js';

const OLDEST_NODE = 20;
/** Smallest ring: the trial reads nothing from it. */
const TRIAL_RING_BYTES = 64 * 1024;

export function addonChecks(facts: KernelFacts, load: () => NativeAddon): Result[] {
  const title = 'Native addon';
  try {
    const addon = load();
    return [ok('addon', title, `${addon.version}, libbpf ${addon.libbpf}`), trial(facts, addon)];
  } catch (error) {
    const fix = (error instanceof PortchurnError && error.hint) || 'npm run setup';
    return [fail(EXIT.failed, 'addon', title, (error as Error).message, fix)];
  }
}

/** The decisive check: loads and attaches everything, as `serve` does, and takes it away again. */
function trial(facts: KernelFacts, addon: NativeAddon): Result {
  const title = 'BPF programs';
  try {
    const tracer = addon.openTracer({ ringBytes: TRIAL_RING_BYTES, syscalls: true });
    try {
      tracer.attach();
      return loaded(title, tracer.verdictPath());
    } finally {
      tracer.close();
    }
  } catch (error) {
    const { exitCode, message, hint } = explainLoadFailure(error as NativeError, facts);
    return fail(exitCode as DoctorExit, 'load', title, message, hint ?? '');
  }
}

/** Loaded, and able to say of each close what it left. */
function loaded(title: string, path: VerdictPath): Result {
  const [limit] = verdictLimits(path, false);
  return limit === undefined
    ? ok('load', title, 'loaded and attached')
    : warn('load', title, `loaded and attached. ${limit.text}`, limit.fix);
}

export function nodeCheck(version = process.versions.node): Result {
  const title = 'Node.js';
  if (Number.parseInt(version, 10) >= OLDEST_NODE) return ok('node', title, version);
  const fix = `Install Node.js ${OLDEST_NODE} or newer: https://nodejs.org/en/download`;
  return fail(EXIT.failed, 'node', title, `${version}: older than ${OLDEST_NODE}`, fix);
}
