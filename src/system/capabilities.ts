/**
 * The Linux capabilities we use, and what is lost without each. In: the hexadecimal CapEff of /proc/PID/status. Out: a
 * set that answers has(). Pure.
 */
export interface Capability {
  name: 'CAP_BPF' | 'CAP_PERFMON' | 'CAP_DAC_READ_SEARCH' | 'CAP_SYS_PTRACE' | 'CAP_SYS_ADMIN';
  /** Number in linux/capability.h. */
  bit: number;
  /** Nothing can be traced without it. */
  required: boolean;
  use: string;
  without: string;
}

export const CAPABILITIES: readonly Capability[] = [
  {
    name: 'CAP_BPF',
    bit: 39,
    required: true,
    use: 'loads the BPF programs and maps',
    without: 'nothing can be traced, serve can only poll',
  },
  {
    name: 'CAP_PERFMON',
    bit: 38,
    required: true,
    use: 'attaches them to tracepoints and reads kernel memory',
    without: 'nothing can be traced, serve can only poll',
  },
  {
    name: 'CAP_DAC_READ_SEARCH',
    bit: 2,
    required: false,
    use: 'reads tracepoint numbers from tracefs',
    without: 'a user other than root needs --no-syscalls: no acceptors, no early connect failures',
  },
  {
    name: 'CAP_SYS_PTRACE',
    bit: 19,
    required: false,
    use: "reads other users' /proc/PID/exe, network namespace and containers' hosts files",
    without:
      'processes older than the start lack their exe, namespaces their names, and what containers call addresses is not known',
  },
  {
    name: 'CAP_SYS_ADMIN',
    bit: 21,
    required: false,
    use: 'enters other network namespaces to dump their TIME_WAIT entries and read their sysctls',
    without: 'only the own network namespace is audited',
  },
];

/** Numbers of all of them. */
export const USED_CAPABILITIES: readonly number[] = CAPABILITIES.map(({ bit }) => bit);
/** Listening on a port below this takes CAP_NET_BIND_SERVICE. */
export const PRIVILEGED_PORTS = 1024;

export class CapabilitySet {
  constructor(private readonly mask: bigint) {}

  /** @param hex CapEff of proc_pid_status(5); text that is no such number is the empty set */
  static parse(hex: string): CapabilitySet {
    return new CapabilitySet(/^[0-9a-f]{1,16}$/i.test(hex) ? BigInt(`0x${hex}`) : 0n);
  }

  /** As the kernel's bpf_capable() and perfmon_capable(): CAP_SYS_ADMIN includes CAP_BPF and CAP_PERFMON. */
  has(name: Capability['name']): boolean {
    const included = name === 'CAP_BPF' || name === 'CAP_PERFMON';
    return this.hasBit(name) || (included && this.hasBit('CAP_SYS_ADMIN'));
  }

  /** The required ones that are not there. */
  missing(): Capability['name'][] {
    return CAPABILITIES.filter(({ name, required }) => required && !this.has(name)).map(({ name }) => name);
  }

  /** Numbers of those that are not among `kept`. */
  beyond(kept: readonly number[]): number[] {
    const all = Array.from({ length: 64 }, (_, bit) => bit);
    return all.filter((bit) => ((this.mask >> BigInt(bit)) & 1n) === 1n && !kept.includes(bit));
  }

  private hasBit(name: Capability['name']): boolean {
    const bit = CAPABILITIES.find((capability) => capability.name === name)?.bit ?? 64;
    return ((this.mask >> BigInt(bit)) & 1n) === 1n;
  }
}
