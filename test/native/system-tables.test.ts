/** Control groups, network namespaces, sysctls and the doctor, on this machine. Root only where a test says so. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readlinkSync, rmdirSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runDoctor } from '../../src/doctor/doctor.js';
import { openAddon } from '../../src/engine/addon.js';
import { Cgroups, findCgroup2 } from '../../src/system/cgroup.js';
import { readKernelFacts } from '../../src/system/kernel.js';
import { NetworkNamespaces } from '../../src/system/netns.js';
import { parseSysctls } from '../../src/system/parse/sysctl.js';
import { readProcess } from '../../src/system/proc.js';
import { readSysctls } from '../../src/system/sysctl.js';
import { Netns, TAKEN } from '../support/netns.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';

/** A busy machine is slow. */
const WAIT = { timeout: 10_000 };

const isRoot = process.getuid?.() === 0;
const inodeOf = (path: string) => Number(/\[(\d+)\]/.exec(readlinkSync(path))?.[1]);

describe('the control groups of this machine', () => {
  it('have their root at the cgroup2 mount', async () => {
    const mount = findCgroup2();
    expect(mount).not.toBeNull();
    const id = statSync(mount ?? '', { bigint: true }).ino;
    expect(await new Cgroups().resolve(id)).toBe('/');
  });

  it('have the path that a process in them says it has', async () => {
    if (!isRoot) throw new Error('this test makes a control group: run it as root');
    const name = `portchurn-test-${process.pid}`;
    const directory = `${findCgroup2()}/${name}`;
    mkdirSync(directory);
    const id = statSync(directory, { bigint: true }).ino;
    const enter = `echo $$ > ${directory}/cgroup.procs; echo in; exec cat`;
    try {
      const running = await start(testScope(), ['sh', '-c', enter]);
      await running.printed(/in/);
      expect(await new Cgroups().resolve(id)).toBe(`/${name}`);
      expect(readProcess(running.pid)?.cgroup).toBe(`/${name}`);
      running.closeInput();
      await running.exited;
    } finally {
      rmdirSync(directory);
    }
  });
});

describe('the network namespaces of this machine', () => {
  it('include our own, with a process in it', async () => {
    const namespaces = new NetworkNamespaces();
    await namespaces.refresh();
    const own = inodeOf('/proc/self/ns/net');
    const found = namespaces.list().find(({ inode }) => inode === own);
    expect(inodeOf(`/proc/${found?.pid}/ns/net`)).toBe(own);
    expect(namespaces.nameOf(own)).toBe(found?.name);
  });

  it('have one that is the host’s', async () => {
    if (!isRoot) throw new Error('this test reads the namespace of kernel threads: run it as root');
    const namespaces = new NetworkNamespaces();
    await namespaces.refresh();
    expect(namespaces.nameOf(inodeOf('/proc/2/ns/net'))).toBe('host');
  });

  it('are named by a process in them', async () => {
    const words = ['unshare', '--user', '--net', 'sh', '-c', 'echo ready; exec cat'];
    const running = await start(testScope(), words);
    await running.printed(/ready/);
    await expect.poll(() => readProcess(running.pid)?.comm, WAIT).toBe('cat');
    const inode = inodeOf(`/proc/${running.pid}/ns/net`);
    const namespaces = new NetworkNamespaces({ restMs: 1 });
    await namespaces.refresh();
    expect(namespaces.nameOf(inode)).toBe(`cat (${running.pid})`);
    running.closeInput();
    await running.exited;
    await namespaces.refresh();
    expect(namespaces.nameOf(inode)).toBeNull();
  });

  it(
    'are named as ip netns names them, with or without a process, until they are deleted',
    TAKEN,
    async () => {
      const netns = Netns.create(testScope());
      const namespaces = new NetworkNamespaces({ restMs: 1 });
      await namespaces.refresh();
      const fileNs = statSync(netns.path, { bigint: true }).ctimeNs;
      const found = { inode: netns.inode, name: netns.name, mountPath: netns.path, fileNs };
      expect(namespaces.list()).toContainEqual({ ...found, pid: null });
      const running = await start(testScope(), ['sh', '-c', 'echo ready; exec cat'], { netns });
      await running.printed(/ready/);
      await namespaces.refresh();
      expect(namespaces.list()).toContainEqual({ ...found, pid: running.pid });
      running.closeInput();
      await running.exited;
      netns.end();
      await namespaces.refresh();
      expect(namespaces.nameOf(netns.inode)).toBeNull();
      const again = Netns.again(testScope(), netns);
      await namespaces.refresh();
      const other = namespaces.list().find(({ inode }) => inode === netns.inode);
      expect(other).toMatchObject({ name: netns.name, mountPath: again.path });
      expect(other?.fileNs).toBeGreaterThan(fileNs);
    },
  );
});

it('the port settings of this namespace are what sysctl says', () => {
  const settings = parseSysctls(readSysctls());
  const sysctl = (name: string) => Number(readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8'));
  const [low, high] = execFileSync('cat', ['/proc/sys/net/ipv4/ip_local_port_range'], { encoding: 'utf8' })
    .trim()
    .split(/\s+/)
    .map(Number);
  expect(settings.portRange).toEqual([low, high]);
  expect(settings.tcpTwReuse).toBe(sysctl('tcp_tw_reuse'));
  expect(settings.tcpTimestamps).toBe(sysctl('tcp_timestamps'));
  expect(settings.tcpFinTimeout).toBe(sysctl('tcp_fin_timeout'));
  expect(settings.tcpMaxTwBuckets).toBe(sysctl('tcp_max_tw_buckets'));
});

describe('the doctor', () => {
  it('reports this process and kernel as they are', async () => {
    const report = await runDoctor({ load: openAddon });
    expect(report.kernel).toBe(execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim());
    expect(report.ok).toBe(report.checks.every((check) => check.status !== 'fail'));
    expect(report.exitCode === 0).toBe(report.ok);
    for (const check of report.checks) expect(check.fix === null, check.id).toBe(check.status === 'ok');
    expect(new Set(report.checks.map((check) => check.id)).size).toBe(report.checks.length);
    expect(report.checks.find((check) => check.id === 'addon')).toMatchObject({ status: 'ok' });
  });

  it('finds that the programs load exactly when this process may load them', async () => {
    const { capabilities } = readKernelFacts();
    const { checks, exitCode } = await runDoctor({ load: openAddon });
    const load = checks.find((check) => check.id === 'load');
    if (capabilities.missing().length === 0) expect(load).toMatchObject({ status: 'ok' });
    else expect([load?.status, exitCode]).toEqual(['fail', 77]);
  });
});
