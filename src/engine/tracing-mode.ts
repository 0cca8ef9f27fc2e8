/**
 * How the engine sees: by BPF, or where the kernel takes no programs and that is allowed, by polling; and what it
 * cannot see then. In: options, the addon. Out: an attached tracer.
 */
import type { Logger } from 'pino';
import { absentTracer } from '../capture/absent-tracer.js';
import type {
  KernelFilter,
  NativeAddon,
  NativeError,
  NativeTracer,
  TracerOptions,
} from '../capture/native.js';
import { pidNamespaceLimit, pollingLimit, syscallsLimit, verdictLimit } from '../doctor/limits.js';
import { explainLoadFailure } from '../doctor/load-failure.js';
import { PortchurnError } from '../protocol/errors.js';
import type { Problem } from '../protocol/frames.js';
import { canPoll, readKernelFacts } from '../system/kernel.js';

export interface TracingOptions {
  /** Bytes, a power of two. */
  ringBytes: number;
  /** Attach system call tracepoints. */
  syscalls: boolean;
  /** Judge closes without the kernel's table of sockets. */
  portableVerdict?: boolean;
  /** Where the kernel takes no programs, poll instead of failing. */
  mayPoll?: boolean;
  filter?: KernelFilter;
  log: Logger;
}

export interface TracingMode {
  readonly tracer: NativeTracer;
  readonly mode: 'ebpf' | 'polling';
  /** Of this way of seeing. */
  readonly limits: readonly Problem[];
}

/** Errors: NOT_PERMITTED, LOCKDOWN, NO_BTF, KERNEL_TOO_OLD, BPF_FAILED. */
export function openTracing(addon: NativeAddon, options: TracingOptions): TracingMode {
  try {
    const tracer = openTracer(addon, options);
    const verdict = verdictLimit(tracer.outcomePath(), options.portableVerdict);
    const limits = [verdict, syscallsLimit(options.syscalls), pidLimit()].filter((limit) => limit !== null);
    return { tracer, mode: 'ebpf', limits };
  } catch (error) {
    if (!options.mayPoll || !(error instanceof PortchurnError) || !canPoll(readKernelFacts())) throw error;
    return poll(error, options.log);
  }
}

function poll({ message, hint = '' }: PortchurnError, log: Logger): TracingMode {
  log.warn({ reason: message, fix: hint }, 'no BPF: polling sock_diag and /proc instead');
  const limits = [pollingLimit(message, hint), pidLimit()].filter((limit) => limit !== null);
  return { tracer: absentTracer(), mode: 'polling', limits };
}

const pidLimit = (): Problem | null => pidNamespaceLimit(readKernelFacts().initialPidNamespace);

function openTracer(addon: NativeAddon, options: TracingOptions): NativeTracer {
  const { ringBytes, syscalls, portableVerdict = false, filter } = options;
  try {
    const native: Required<TracerOptions> = { ringBytes, syscalls, portableOutcome: portableVerdict };
    const tracer = addon.openTracer(native);
    if (filter !== undefined) tracer.setFilter(filter);
    tracer.attach();
    return tracer;
  } catch (error) {
    throw explainLoadFailure(error as NativeError, readKernelFacts());
  }
}
