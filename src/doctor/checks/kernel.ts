/** Checks of the kernel. In: KernelFacts and a root for /proc and /sys. Out: results. */
import { EXIT } from '../../protocol/errors.js';
import { isOlder, type KernelFacts, OLDEST_KERNEL, OLDEST_TRIED } from '../../system/kernel.js';
import { readText } from '../../system/read.js';
import { capabilityFix, FIX } from '../load-failure.js';
import { fail, ok, type Result, warn } from './check.js';

export function kernelChecks(facts: KernelFacts, root: string): Result[] {
  return [version(facts), btf(facts), lockdown(facts), tracefs(facts, root), jit(root)];
}

function version({ release }: KernelFacts): Result {
  const title = 'Kernel version';
  if (isOlder(release, OLDEST_KERNEL)) {
    return fail(EXIT.kernel, 'kernel', title, `${release}: older than ${OLDEST_KERNEL}`, FIX.kernel);
  }
  if (!isOlder(release, OLDEST_TRIED)) return ok('kernel', title, release);
  return warn('kernel', title, `${release}: not tried on kernels before ${OLDEST_TRIED}`, FIX.kernel);
}

function btf(facts: KernelFacts): Result {
  const title = 'Kernel type information (BTF)';
  if (facts.btf) return ok('btf', title, '/sys/kernel/btf/vmlinux');
  return fail(EXIT.kernel, 'btf', title, '/sys/kernel/btf/vmlinux is missing', FIX.btf);
}

function lockdown(facts: KernelFacts): Result {
  const title = 'Kernel lockdown';
  if (facts.lockdown === 'confidentiality') {
    const detail = 'confidentiality: BPF programs may not read kernel memory';
    return fail(EXIT.kernel, 'lockdown', title, detail, FIX.lockdown);
  }
  if (facts.lockdown !== null) return ok('lockdown', title, facts.lockdown);
  const fix = 'sudo mount -t securityfs securityfs /sys/kernel/security';
  return warn('lockdown', title, 'unknown: securityfs is not mounted', fix);
}

const TRACEFS = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];
const TRACEPOINT = 'events/syscalls/sys_exit_accept4/id';

/** Without a mount the addon makes a private one, for which it needs CAP_SYS_ADMIN. */
function tracefs(facts: KernelFacts, root: string): Result {
  const title = 'Tracepoints of system calls (tracefs)';
  const mount = TRACEFS.find((path) => readText(`${root}${path}/${TRACEPOINT}`) !== null);
  if (mount !== undefined) return ok('tracefs', title, `readable in ${mount}`);
  if (facts.capabilities.has('CAP_SYS_ADMIN'))
    return ok('tracefs', title, 'not mounted: mounted privately when needed');
  const mounted = TRACEFS.some((path) => readText(`${root}${path}/README`, 1) !== null);
  const detail = mounted ? 'cannot be read without CAP_DAC_READ_SEARCH' : 'neither mounted nor readable';
  const fix = mounted ? capabilityFix(['CAP_DAC_READ_SEARCH'], facts.uid) : FIX.tracefs;
  return fail(EXIT.privilege, 'tracefs', title, detail, `${fix}\n${FIX.noSyscalls}`);
}

/** Only root in the first network namespace sees the setting. */
function jit(root: string): Result {
  const title = 'BPF just-in-time compiler';
  const value = readText(`${root}/proc/sys/net/core/bpf_jit_enable`)?.trim();
  if (value === undefined) return ok('jit', title, 'setting not visible here');
  if (value !== '0') return ok('jit', title, 'on');
  return warn(
    'jit',
    title,
    'off: each event costs several times more',
    'sudo sysctl -w net.core.bpf_jit_enable=1',
  );
}
