/**
 * Checks of what was built: Node's version, the addon, and whether the kernel takes its programs. In: a function that
 * loads the addon. Out: results.
 */
import type { NativeAddon, NativeError } from '../../capture/native.js';
import type { DoctorExit } from '../../protocol/doctor.js';
import { EXIT, PortchurnError } from '../../protocol/errors.js';
import type { Problem } from '../../protocol/frames.js';
import { canPoll, type KernelFacts } from '../../system/kernel.js';
import { pollingLimit, verdictLimit } from '../limits.js';
import { capabilityFix, explainLoadFailure } from '../load-failure.js';
import { fail, ok, type Result, warn } from './check.js';

const OLDEST_NODE = 20;
/** Smallest ring: the trial reads nothing from it. */
const TRIAL_RING_BYTES = 64 * 1024;

export function addonChecks(facts: KernelFacts, load: () => NativeAddon): Result[] {
  const title = 'Native addon';
  try {
    const addon = load();
    return [ok('addon', title, `${addon.version}, libbpf ${addon.libbpf}`), ...trial(facts, addon)];
  } catch (error) {
    const fix = (error instanceof PortchurnError && error.hint) || 'npm run setup';
    return [fail(EXIT.failed, 'addon', title, (error as Error).message, fix)];
  }
}

/** The decisive check: loads and attaches everything, as `serve` does, and takes it away again; then what that lets it see. */
function trial(facts: KernelFacts, addon: NativeAddon): Result[] {
  const title = 'BPF programs';
  try {
    const tracer = addon.openTracer({ ringBytes: TRIAL_RING_BYTES, syscalls: true });
    try {
      tracer.attach();
      return [ok('load', title, 'loaded and attached'), sees(verdictLimit(tracer.outcomePath()))];
    } finally {
      tracer.close();
    }
  } catch (error) {
    const { exitCode, message, hint } = explainLoadFailure(error as NativeError, facts);
    const exit = exitCode as DoctorExit;
    return [fail(exit, 'load', title, message, hint ?? ''), seesWithout(exit, facts, message, hint ?? '')];
  }
}

const SIGHT = 'What serve sees here';

function sees(limit: Problem | null): Result {
  if (limit !== null) return warn('sight', SIGHT, `${limit.what} ${limit.why}`, limit.fix ?? '');
  return ok('sight', SIGHT, 'everything: each connection as it happens, an owner for each TIME_WAIT entry');
}

/** Refused: polling is left, unless other people's descriptors are hidden too. */
function seesWithout(exit: DoctorExit, facts: KernelFacts, reason: string, fix: string): Result {
  if (canPoll(facts)) return sees(pollingLimit(reason, fix));
  const detail = 'nothing: without CAP_SYS_PTRACE it cannot poll either, since owners are hidden';
  return fail(exit, 'sight', SIGHT, detail, capabilityFix(['CAP_SYS_PTRACE'], facts.uid));
}

export function nodeCheck(version = process.versions.node): Result {
  const title = 'Node.js';
  if (Number.parseInt(version, 10) >= OLDEST_NODE) return ok('node', title, version);
  const fix = `Install Node.js ${OLDEST_NODE} or newer: https://nodejs.org/en/download`;
  return fail(EXIT.failed, 'node', title, `${version}: older than ${OLDEST_NODE}`, fix);
}
