import { describe, expect, it } from 'vitest';
import type { NativeAddon, NativeError } from '../../../src/capture/native.js';
import { nodeCheck } from '../../../src/doctor/checks/addon.js';
import { memory, reuseInWords } from '../../../src/doctor/checks/process.js';
import { runDoctor } from '../../../src/doctor/doctor.js';
import { explainLoadFailure } from '../../../src/doctor/load-failure.js';
import { PortchurnError } from '../../../src/protocol/errors.js';
import { CAPABILITIES, CapabilitySet } from '../../../src/system/capabilities.js';
import { isOlder, type KernelFacts, readKernelFacts } from '../../../src/system/kernel.js';
import { parseSysctls } from '../../../src/system/parse/sysctl.js';
import { testScope } from '../../support/scope.js';
import { plant } from '../../support/tree.js';

const ALL = '000001ffffffffff';

/** A machine that can trace, but for what `files` changes; null takes a file away. */
function machine(files: Record<string, string | null> = {}, status: Record<string, string> = {}): string {
  const fields = { Uid: '0\t0\t0\t0', CapEff: ALL, Seccomp: '0', ...status };
  const all = {
    'proc/self/status': Object.entries(fields)
      .map(([name, value]) => `${name}:\t${value}\n`)
      .join(''),
    'proc/self/uid_map': '         0          0 4294967295\n',
    'proc/self/mountinfo': '',
    'proc/sys/kernel/osrelease': '6.12.1-test\n',
    'proc/sys/net/core/bpf_jit_enable': '1\n',
    'proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
    'sys/kernel/btf/vmlinux': 'BTF',
    'sys/kernel/security/lockdown': 'none [integrity] confidentiality\n',
    'sys/kernel/tracing/events/syscalls/sys_exit_accept4/id': '700\n',
    ...files,
  };
  const kept = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null);
  return plant(testScope().directory(), { files: Object.fromEntries(kept) });
}

const missing = (): NativeAddon => {
  throw new PortchurnError('ADDON_MISSING', 'not built', { hint: 'npm run setup' });
};

async function checksOf(root: string) {
  const report = await runDoctor({ root, load: missing });
  return { report, find: (id: string) => report.checks.find((check) => check.id === id) };
}

describe('the doctor', () => {
  it('finds nothing to mend on a machine that can trace, but the addon that is not built', async () => {
    const { report } = await checksOf(machine());
    expect(report).toMatchObject({ ok: false, exitCode: 1, kernel: '6.12.1-test' });
    expect(report.checks.filter((check) => check.status !== 'ok')).toEqual([
      { id: 'addon', title: 'Native addon', status: 'fail', detail: 'not built', fix: 'npm run setup' },
    ]);
  });

  it.each([
    ['kernel', { 'proc/sys/kernel/osrelease': '4.18.0-el8\n' }, 'fail', 69],
    ['kernel', { 'proc/sys/kernel/osrelease': '5.15.0\n' }, 'warn', 1],
    ['btf', { 'sys/kernel/btf/vmlinux': null }, 'fail', 69],
    ['lockdown', { 'sys/kernel/security/lockdown': 'none integrity [confidentiality]\n' }, 'fail', 69],
    ['lockdown', { 'sys/kernel/security/lockdown': null }, 'warn', 1],
    ['jit', { 'proc/sys/net/core/bpf_jit_enable': '0\n' }, 'warn', 1],
    ['user', { 'proc/self/uid_map': '0 100000 65536\n' }, 'fail', 77],
    ['ports', { 'proc/sys/net/ipv4/ip_local_port_range': null }, 'warn', 1],
  ] as const)('says of %s, given %j: %s', async (id, files, status, exitCode) => {
    const { report, find } = await checksOf(machine(files));
    expect(find(id)).toMatchObject({ status, fix: expect.stringMatching(/\S/) });
    expect(report.exitCode).toBe(exitCode);
  });

  it('ends with the kernel’s problem when there are several: no privilege would help', async () => {
    const root = machine({ 'sys/kernel/btf/vmlinux': null }, { CapEff: '0' });
    expect((await checksOf(root)).report.exitCode).toBe(69);
    expect((await checksOf(machine({}, { CapEff: '0' }))).report.exitCode).toBe(77);
  });

  it('takes a kernel that has no lockdown module for one that is not locked down', async () => {
    const mountinfo = '7 1 0:7 / /sys/kernel/security rw - securityfs securityfs rw\n';
    const files = { 'sys/kernel/security/lockdown': null, 'proc/self/mountinfo': mountinfo };
    expect((await checksOf(machine(files))).find('lockdown')).toMatchObject({ status: 'ok', detail: 'none' });
  });

  it('names each capability, its use, and what is lost without it', async () => {
    const { find } = await checksOf(machine({}, { CapEff: '0', Uid: '1000\t1000\t1000\t1000' }));
    for (const { name, required, use, without } of CAPABILITIES) {
      expect(find(name.toLowerCase().replaceAll('_', '-'))).toEqual({
        id: name.toLowerCase().replaceAll('_', '-'),
        title: name,
        status: required ? 'fail' : 'warn',
        detail: `missing: ${use}; without it ${without}`,
        fix: 'sudo portchurn serve',
      });
    }
  });

  it('tells root in a container which capability to add', async () => {
    const { find } = await checksOf(machine({}, { CapEff: '0' }));
    expect(find('cap-perfmon')?.fix).toContain('--cap-add PERFMON');
    expect(find('cap-perfmon')?.fix).toContain('AmbientCapabilities=CAP_PERFMON');
  });

  it('misses tracefs only where the addon could not mount it for itself', async () => {
    const without = { 'sys/kernel/tracing/events/syscalls/sys_exit_accept4/id': null };
    expect((await checksOf(machine(without))).find('tracefs')?.status).toBe('ok');
    const bpfAndPerfmon = { CapEff: (2n ** 39n + 2n ** 38n).toString(16) };
    const { report, find } = await checksOf(machine(without, bpfAndPerfmon));
    expect(find('tracefs')).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('mount -t tracefs'),
    });
    expect(find('tracefs')?.fix).toContain('--no-syscalls');
    expect(report.exitCode).toBe(77);
  });

  it('finds tracefs below debugfs', async () => {
    const files = {
      'sys/kernel/tracing/events/syscalls/sys_exit_accept4/id': null,
      'sys/kernel/debug/tracing/events/syscalls/sys_exit_accept4/id': '700\n',
    };
    expect((await checksOf(machine(files))).find('tracefs')?.detail).toContain('/sys/kernel/debug/tracing');
  });
});

describe('small checks', () => {
  it('warn of a memory limit that is too small, and know when there is none', () => {
    expect(memory(128 * 1024 * 1024)).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('128 MiB'),
    });
    expect(memory(1024 * 1024 * 1024).status).toBe('ok');
    expect(memory(0).detail).not.toContain('control group');
    expect(memory(2 ** 64).detail).not.toContain('control group');
  });

  it('refuse a Node that is too old', () => {
    expect(nodeCheck('18.19.0')).toMatchObject({ status: 'fail', exit: 1 });
    expect(nodeCheck('20.0.0').status).toBe('ok');
  });

  it('say in words what tcp_tw_reuse means', () => {
    const words = (reuse: string | null, delay: string | null = null, timestamps = '1') =>
      reuseInWords(
        parseSysctls({
          ip_local_port_range: null,
          ip_local_reserved_ports: null,
          tcp_tw_reuse: reuse,
          tcp_tw_reuse_delay: delay,
          tcp_timestamps: timestamps,
          tcp_fin_timeout: null,
          tcp_max_tw_buckets: null,
        }),
      );
    expect(words('0')).toBe('are held for 60 s (tcp_tw_reuse=0)');
    expect(words('1')).toContain('reused by connect() after more than 1 s');
    expect(words('1', '500')).toContain('after 500 ms');
    expect(words('1', null, '0')).toContain('needs tcp_timestamps');
    expect(words('2', '1000')).toContain('between loopback addresses');
    expect(words(null)).toContain('unknown');
  });

  it('compare kernels by number, not by text', () => {
    expect(isOlder('5.4.0-42-generic', '5.12')).toBe(true);
    expect(isOlder('5.12.0', '5.12')).toBe(false);
    expect(isOlder('6.1.0', '5.12')).toBe(false);
    expect(isOlder('custom', '5.12')).toBe(false);
  });
});

describe('a set of capabilities', () => {
  it('takes CAP_SYS_ADMIN for CAP_BPF and CAP_PERFMON, as the kernel does, and for no other', () => {
    const admin = CapabilitySet.parse((1n << 21n).toString(16));
    expect(CAPABILITIES.filter(({ name }) => admin.has(name)).map(({ name }) => name)).toEqual([
      'CAP_BPF',
      'CAP_PERFMON',
      'CAP_SYS_ADMIN',
    ]);
    expect(admin.missing()).toEqual([]);
  });

  it('is empty for text that is no number', () => {
    for (const hex of ['', 'x', '0x1', '11111111111111111']) {
      expect(CapabilitySet.parse(hex).missing()).toEqual(['CAP_BPF', 'CAP_PERFMON']);
    }
  });
});

describe('a refused load', () => {
  const facts: KernelFacts = {
    release: '6.12.1',
    btf: true,
    lockdown: 'integrity',
    uid: 0,
    capabilities: CapabilitySet.parse(ALL),
    initialUserNamespace: true,
    initialPidNamespace: true,
    seccomp: false,
  };
  const none = CapabilitySet.parse('0');
  const bpfOnly = CapabilitySet.parse((1n << 39n).toString(16));
  const native = (code: string, operation = 'load the BPF programs', log = ''): NativeError =>
    Object.assign(new Error(`${operation}: ${code}`), { code, errno: 1, operation, log });
  const explain = (error: NativeError, changed: Partial<KernelFacts> = {}) =>
    explainLoadFailure(error, { ...facts, ...changed });

  const tracepoint = 'read the id of tracepoint syscalls/sys_exit_accept4';
  const unknownHelper = 'libbpf: prog\n0: unknown func bpf_get_socket_cookie#46\n';
  const verdict =
    'libbpf: -- BEGIN PROG LOAD LOG --\nR1 invalid mem access\nprocessed 12 insns\n-- END PROG LOAD LOG --\nlibbpf: failed to load';

  it.each([
    ['no privilege', native('EPERM'), { capabilities: none }, 'NOT_PERMITTED', 77, /CAP_BPF and CAP_PERFMON/],
    [
      'CAP_BPF alone',
      native('EPERM'),
      { capabilities: bpfOnly },
      'NOT_PERMITTED',
      77,
      /privilege: CAP_PERFMON/,
    ],
    ['a user namespace', native('EPERM'), { initialUserNamespace: false }, 'NOT_PERMITTED', 77, /namespace/],
    ['a seccomp filter', native('EPERM'), { seccomp: true }, 'NOT_PERMITTED', 77, /in spite of/],
    ['a security module', native('EACCES'), {}, 'NOT_PERMITTED', 77, /in spite of/],
    ['lockdown', native('EINVAL'), { lockdown: 'confidentiality' }, 'LOCKDOWN', 69, /locked down/],
    ['no BTF', native('ESRCH'), { btf: false }, 'NO_BTF', 69, /vmlinux/],
    ['an old kernel', native('EINVAL'), { release: '5.4.0' }, 'KERNEL_TOO_OLD', 69, /5\.4\.0/],
    [
      'a missing helper',
      native('EINVAL', 'load', unknownHelper),
      {},
      'KERNEL_TOO_OLD',
      69,
      /bpf_get_socket_cookie/,
    ],
    ['no bpf(2)', native('ENOSYS'), {}, 'KERNEL_TOO_OLD', 69, /no bpf system call/],
    ['no tracepoints', native('ENOENT', tracepoint), {}, 'BPF_FAILED', 69, /no tracepoints/],
    ['hidden tracefs', native('EPERM', tracepoint), { uid: 1000 }, 'NOT_PERMITTED', 77, /tracefs/],
    ['no memory', native('ENOMEM'), {}, 'BPF_FAILED', 69, /No memory/],
    ['the verifier', native('EACCES', 'load', verdict), {}, 'BPF_FAILED', 69, /: R1 invalid mem access \(/],
    ['anything else', native('EINVAL'), {}, 'BPF_FAILED', 69, /did not take/],
  ] as const)('by %s', (_, error, changed, code, exitCode, message) => {
    const explained = explain(error, changed);
    expect(explained).toMatchObject({ code, exitCode, cause: error });
    expect(explained.message).toMatch(message);
    expect(explained.message).toContain(`${error.operation}: ${error.code}`);
    expect(explained.hint).toMatch(/\S/);
  });

  it('blames the kernel before the privilege: root would not help either', () => {
    expect(explain(native('EPERM'), { capabilities: none, lockdown: 'confidentiality' }).code).toBe(
      'LOCKDOWN',
    );
    expect(explain(native('EPERM'), { capabilities: none, btf: false }).code).toBe('NO_BTF');
  });

  it('sends an ordinary user to sudo, and root to the container’s settings', () => {
    expect(explain(native('EPERM'), { capabilities: none, uid: 1000 }).hint).toContain('sudo');
    expect(explain(native('EPERM'), { capabilities: none, uid: 0 }).hint).toContain(
      '--cap-add BPF --cap-add PERFMON',
    );
  });

  it('names the capability when tracefs is mounted and hidden from an ordinary user', () => {
    const capabilities = CapabilitySet.parse((2n ** 39n + 2n ** 38n).toString(16));
    const { hint } = explain(native('EACCES', tracepoint), { capabilities, uid: 1000 });
    expect(hint).toContain('--no-syscalls');
  });
});

it('facts of the kernel are read from /proc and /sys', () => {
  const root = machine({}, { Uid: '1000\t0\t0\t0', Seccomp: '2', CapEff: '0' });
  expect(readKernelFacts(root)).toMatchObject({
    release: '6.12.1-test',
    btf: true,
    lockdown: 'integrity',
    uid: 1000,
    initialUserNamespace: true,
    initialPidNamespace: true,
    seccomp: true,
  });
});
