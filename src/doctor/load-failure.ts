/**
 * Why the kernel refused our programs, for a person. In: the addon's error and what is known of kernel and process.
 * Out: a PortchurnError with the exact next step. Pure.
 */
import type { NativeError } from '../capture/native.js';
import { type ErrorCode, PortchurnError } from '../protocol/errors.js';
import { isOlder, type KernelFacts, OLDEST_KERNEL } from '../system/kernel.js';

interface Reason {
  code: ErrorCode;
  message: string;
  hint: string;
}
type Rule = (error: NativeError, facts: KernelFacts) => Reason | null;

export const FIX = {
  lockdown:
    'Remove lockdown=confidentiality from the kernel command line (integrity is enough for us), then reboot.',
  btf: 'Boot a kernel built with CONFIG_DEBUG_INFO_BTF=y, as Debian 11, Ubuntu 20.10, Fedora 31, RHEL 8.2 and later have.',
  kernel: 'Install a newer kernel (Debian: sudo apt-get install linux-image-amd64), then reboot.',
  userNamespace:
    'Run it on the host, or in a container that is not rootless (docker run --userns=host --pid=host --network=host).',
  tracefs: 'sudo mount -t tracefs tracefs /sys/kernel/tracing',
  noSyscalls: 'Or start with --no-syscalls: no acceptors, no early connect failures.',
} as const;

/** How to get capabilities: an ordinary user by sudo, root in a container or unit by the names. */
export function capabilityFix(names: readonly string[], uid: number): string {
  if (uid !== 0) return 'sudo portchurn serve';
  const flags = names.map((name) => `--cap-add ${name.replace('CAP_', '')}`).join(' ');
  return `docker run ${flags} …, or in the systemd unit: AmbientCapabilities=${names.join(' ')}`;
}

/** The first rule that applies gives the reason: what no privilege can change comes before missing privilege. */
const RULES: readonly Rule[] = [
  lockedDown,
  noBtf,
  tooOld,
  unprivileged,
  noTracepoint,
  refused,
  unknownToKernel,
  noMemory,
];

/**
 * The error to show for a failed open, load or attach.
 * NOT_PERMITTED ends with 77; LOCKDOWN, NO_BTF, KERNEL_TOO_OLD and BPF_FAILED with 69.
 */
export function explainLoadFailure(error: NativeError, facts: KernelFacts): PortchurnError {
  const reason =
    RULES.map((rule) => rule(error, facts)).find((found) => found !== null) ?? unexplained(error);
  const message = `${reason.message} (${error.operation}: ${error.code})`;
  return new PortchurnError(reason.code, message, { hint: reason.hint, cause: error });
}

function lockedDown(_: NativeError, facts: KernelFacts): Reason | null {
  if (facts.lockdown !== 'confidentiality') return null;
  return {
    code: 'LOCKDOWN',
    message: 'The kernel is locked down (confidentiality): BPF programs may not read kernel memory',
    hint: FIX.lockdown,
  };
}

function noBtf(_: NativeError, facts: KernelFacts): Reason | null {
  if (facts.btf) return null;
  return {
    code: 'NO_BTF',
    message: 'The kernel has no BTF (/sys/kernel/btf/vmlinux is missing)',
    hint: FIX.btf,
  };
}

function tooOld(_: NativeError, facts: KernelFacts): Reason | null {
  if (!isOlder(facts.release, OLDEST_KERNEL)) return null;
  const message = `Kernel ${facts.release} is too old: ${OLDEST_KERNEL} is the oldest that can run the programs`;
  return { code: 'KERNEL_TOO_OLD', message, hint: FIX.kernel };
}

const isRefusal = (error: NativeError) => error.code === 'EPERM' || error.code === 'EACCES';

function unprivileged(error: NativeError, facts: KernelFacts): Reason | null {
  if (!isRefusal(error)) return null;
  const missing = facts.capabilities.missing();
  if (missing.length > 0) {
    const message = `Missing privilege: ${missing.join(' and ')}`;
    return { code: 'NOT_PERMITTED', message, hint: capabilityFix(missing, facts.uid) };
  }
  if (facts.initialUserNamespace) return null;
  const message = 'The capabilities of this user namespace do not count for BPF';
  return { code: 'NOT_PERMITTED', message, hint: FIX.userNamespace };
}

/** Only system calls' tracepoints are numbered in tracefs, and only their attaching opens perf events. */
function noTracepoint(error: NativeError, facts: KernelFacts): Reason | null {
  if (!/^read the id of tracepoint /.test(error.operation)) return null;
  const hint = `${FIX.tracefs}\n${FIX.noSyscalls}`;
  if (!isRefusal(error)) {
    return {
      code: 'BPF_FAILED',
      message: 'System calls have no tracepoints in this kernel or tracefs',
      hint,
    };
  }
  const readable = facts.uid === 0 || facts.capabilities.has('CAP_DAC_READ_SEARCH');
  const fix = readable ? hint : `${capabilityFix(['CAP_DAC_READ_SEARCH'], facts.uid)}\n${FIX.noSyscalls}`;
  return {
    code: 'NOT_PERMITTED',
    message: 'The tracepoints of system calls cannot be read in tracefs',
    hint: fix,
  };
}

/** Enough capabilities and still refused: a filter or security module stands in between. */
function refused(error: NativeError, facts: KernelFacts): Reason | null {
  if (!isRefusal(error) || isVerdict(error)) return null;
  const hint = facts.seccomp
    ? 'Allow bpf and perf_event_open in the seccomp profile (docker run --security-opt seccomp=unconfined).'
    : 'A security module refuses it: look for a denial with: sudo journalctl -k | grep -i denied';
  return {
    code: 'NOT_PERMITTED',
    message: 'The kernel refused the programs in spite of enough capabilities',
    hint,
  };
}

/** The verifier explains its refusals, which may also be EACCES, at length. */
const isVerdict = (error: NativeError) => /BEGIN PROG LOAD LOG|processed \d+ insns/.test(error.log);

const UNKNOWN =
  /unknown func|invalid func|cannot use helper|failed to find kernel BTF type|unknown program type/i;

function unknownToKernel(error: NativeError, facts: KernelFacts): Reason | null {
  if (error.code !== 'ENOSYS' && !UNKNOWN.test(error.log)) return null;
  const what =
    error.code === 'ENOSYS'
      ? 'no bpf system call'
      : `not what the programs need: ${lastLine(error.log, UNKNOWN)}`;
  return { code: 'KERNEL_TOO_OLD', message: `Kernel ${facts.release} has ${what}`, hint: FIX.kernel };
}

function noMemory(error: NativeError): Reason | null {
  if (error.code !== 'ENOMEM') return null;
  const hint =
    'Raise the memory limit of the container or unit (MemoryMax=512M), or make the ring smaller: --ring-bytes 4194304';
  return { code: 'BPF_FAILED', message: 'No memory for the programs and their ring', hint };
}

function unexplained(error: NativeError): Reason {
  const said = verdictOf(error.log) ?? lastLine(error.log);
  const message = `The kernel did not take the programs${said === '' ? '' : `: ${said}`}`;
  return {
    code: 'BPF_FAILED',
    message,
    hint: 'portchurn doctor says what this machine lacks; please report its output.',
  };
}

/** What the verifier says last, before it counts what it did. */
function verdictOf(log: string): string | null {
  const lines = log.split('\n');
  const end = lines.findIndex((line) => /^processed \d+ insns/.test(line));
  return lines[end - 1]?.trim() ?? null;
}

/** The last line of libbpf's log that says something, or that matches. */
function lastLine(log: string, pattern = /\S/): string {
  return (
    log
      .split('\n')
      .findLast((line) => pattern.test(line))
      ?.trim() ?? ''
  );
}
