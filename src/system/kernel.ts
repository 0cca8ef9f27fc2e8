/** What this kernel and this process may do. In: /proc and /sys. Out: KernelFacts. */
import { readFileSync, readlinkSync } from 'node:fs';
import { release } from 'node:os';
import { CapabilitySet } from './capabilities.js';
import { readMounts } from './mounts.js';
import { readText, statOf } from './read.js';

/** Oldest kernel whose tracing programs may take a socket's cookie (5.12) and store data with it (5.11). */
export const OLDEST_KERNEL = '5.12';
/** Oldest kernel the programs were run on. */
export const OLDEST_TRIED = '6.1';

export type Lockdown = 'none' | 'integrity' | 'confidentiality';

export interface KernelFacts {
  /** uname -r. */
  release: string;
  /** The kernel describes its own types, which CO-RE programs need. */
  btf: boolean;
  /** Null: securityfs is not mounted, so it cannot be read. A kernel without the lockdown module counts as none. */
  lockdown: Lockdown | null;
  uid: number;
  capabilities: CapabilitySet;
  /** False in the user namespace of a rootless container, whose capabilities the kernel does not accept for BPF. */
  initialUserNamespace: boolean;
  /** False where this process sees other process ids than the kernel's own, as in a container without the host's. */
  initialPidNamespace: boolean;
  /** A seccomp filter is installed, as container runtimes do: it may refuse bpf(2) and perf_event_open(2). */
  seccomp: boolean;
}

/** Polling needs to see the descriptors of everybody's processes: without their owners, ss(8) says as much. */
export function canPoll({ capabilities }: KernelFacts): boolean {
  return capabilities.has('CAP_SYS_PTRACE');
}

/** @param root put before /proc and /sys */
export function readKernelFacts(root = ''): KernelFacts {
  const status = readText(`${root}/proc/self/status`) ?? '';
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
  return {
    release: readText(`${root}/proc/sys/kernel/osrelease`)?.trim() ?? release(),
    btf: statOf(`${root}/sys/kernel/btf/vmlinux`) !== null,
    lockdown: readLockdown(root),
    uid: Number(field('Uid')),
    capabilities: CapabilitySet.parse(field('CapEff')),
    initialUserNamespace: /^\s*0\s+0\s+4294967295\s*$/.test(readText(`${root}/proc/self/uid_map`) ?? ''),
    initialPidNamespace: isInitialPidNamespace(root),
    seccomp: field('Seccomp') === '2',
  };
}

/** PROC_PID_INIT_INO, include/linux/proc_ns.h. A machine that does not say is taken for one without others. */
function isInitialPidNamespace(root: string): boolean {
  try {
    return readlinkSync(`${root}/proc/self/ns/pid`) === `pid:[${0xef_ff_ff_fc}]`;
  } catch {
    return true;
  }
}

/** "none [integrity] confidentiality": the one in brackets. */
function readLockdown(root: string): Lockdown | null {
  const text = readText(`${root}/sys/kernel/security/lockdown`);
  if (text !== null) return (/\[(\w+)\]/.exec(text)?.[1] ?? null) as Lockdown | null;
  return readMounts('securityfs', root).length > 0 ? 'none' : null;
}

/** Compares the first two numbers: isOlder("5.4.0-42-generic", "5.12") is true. */
export function isOlder(kernelRelease: string, than: string): boolean {
  const [a, b] = [kernelRelease, than].map((text) => /^(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number));
  if (!a || !b) return false;
  const [major = 0, minor = 0] = a;
  const [thanMajor = 0, thanMinor = 0] = b;
  return major < thanMajor || (major === thanMajor && minor < thanMinor);
}

/** Tells this boot of the machine from others (proc_sys_kernel(5), random/boot_id). */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
