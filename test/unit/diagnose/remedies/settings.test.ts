/** Commands that change settings: they never change another namespace, fit the place, and protect listeners. */
import { describe, expect, it } from 'vitest';
import { turnReuseOn, widen } from '../../../../src/diagnose/fixes.js';
import { joined, spansText } from '../../../../src/diagnose/remedies/ports.js';
import type { PortUse } from '../../../../src/diagnose/types.js';
import type { ProcessInfo, TotalsRow } from '../../../../src/protocol/rows.js';
import { proc } from '../../publish/rows.js';
import { FACTS, NETNS, totals } from '../world.js';

const ID = 'a'.repeat(64);
const there = (parts: Partial<TotalsRow> = {}) => totals({ name: 'web (4242)', tcpTwReuse: 2, ...parts });
const using = (use: PortUse | null) => ({ ...FACTS, portsOf: () => use });
const UNUSED: PortUse = { reserved: [], listening: [] };

describe('a command', () => {
  const gone = { pid: null, parent: { pid: 900, comm: 'sh' } };
  const orphan = { pid: null, parent: { pid: null, comm: null } };
  const byInode = new RegExp(
    `^nsenter --net="\\$\\(find -L /proc/\\[0-9\\]\\*/ns/net -inum ${NETNS} -print -quit 2>/dev/null\\)" sysctl -w `,
  );
  const cases: [string, Partial<TotalsRow>, Partial<ProcessInfo>, RegExp][] = [
    ['on the host is bare', { name: 'host' }, { pid: 7 }, /^sysctl -w /],
    ['on the host is bare, whoever does it', { name: 'host' }, gone, /^sysctl -w /],
    ['enters by the inode, not by a process, whose threads may live elsewhere', {}, { pid: 7 }, byInode],
    ['enters by the inode when the process has ended', {}, { pid: 7, exited: true }, byInode],
    ['enters by the inode, not by a parent', {}, gone, byInode],
    ['enters by the inode, not by a parent, also a named one', { name: 'blue' }, gone, byInode],
    [
      'enters a named one when nothing else is known',
      { name: 'blue' },
      orphan,
      /^ip netns exec blue sysctl -w /,
    ],
    ['never has a name that a shell would run', { name: '$(reboot)' }, orphan, byInode],
    ['never has a name with a space', { name: 'blue red' }, orphan, byInode],
    ['enters by the inode without a name', { name: null }, orphan, byInode],
  ];

  it.each(cases)('%s, and so is its undo', (_, row, process, begin) => {
    const use = { reserved: [], listening: [8080] };
    for (const advice of [
      turnReuseOn(there(row), proc(process)),
      widen(there(row), proc(process), using(use)),
    ]) {
      expect(advice?.command).toMatch(begin);
      expect(advice?.undo).toMatch(begin);
      expect([advice?.command, advice?.undo].join()).not.toMatch(/sysctl.*sysctl -w .*sysctl -w|\n/);
    }
  });

  it.each<[string, TotalsRow | undefined]>([
    ['nothing is known of', undefined],
    ['nobody can be found in', there({ name: null, netns: null })],
  ])('is not printed for a namespace that %s', (_, row) => {
    const advice = widen(row, proc(gone), FACTS);
    expect([advice?.command ?? null, advice?.undo ?? null]).toEqual([null, null]);
  });
});

describe('what keeps a setting', () => {
  const at = (cgroup: string | null, name = 'web (4242)') =>
    turnReuseOn(there({ name }), proc({ pid: 7, cgroup }));

  it('is a file on the host, one for each change', () => {
    const reuse = at('/system.slice/app.service', 'host');
    expect(reuse?.snippet).toBe(
      `printf '%s\\n' 'net.ipv4.tcp_tw_reuse = 1' > /etc/sysctl.d/90-portchurn-tcp_tw_reuse.conf`,
    );
    const range = widen(totals({ name: 'host' }), proc(), FACTS);
    expect(range?.snippet).toContain('/etc/sysctl.d/90-portchurn-ip_local_port_range.conf');
    expect(range?.persistence).toContain('Until reboot');
  });

  it('is the host’s for a container with host networking', () => {
    expect(at(`/system.slice/docker-${ID}.scope`, 'host')?.snippet).toContain('/etc/sysctl.d/');
  });

  it.each([
    `/system.slice/docker-${ID}.scope`,
    `/docker/${ID}`,
    `/machine.slice/libpod-${ID}.scope/container`,
    `/libpod_parent/libpod-${ID}`,
    `/system.slice/containerd.service/cri-containerd-${ID}.scope`,
  ])('is --sysctl and compose for a container: %s', (cgroup) => {
    const advice = at(cgroup);
    expect(advice).toMatchObject({
      language: 'yaml',
      command: expect.stringMatching(/^nsenter --net="\$\(find .*\)" sysctl -w net\.ipv4\.tcp_tw_reuse="1"$/),
    });
    expect(advice?.snippet).toBe(
      [
        '# docker run, podman run: --sysctl net.ipv4.tcp_tw_reuse="1"',
        'services:',
        '  NAME:',
        '    sysctls:',
        '      net.ipv4.tcp_tw_reuse: "1"',
      ].join('\n'),
    );
  });

  it.each([
    `/kubepods/burstable/pod1/${ID}`,
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-${ID}.scope`,
    `/docker/${ID}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1.slice/cri-containerd-${ID}.scope`,
  ])('is securityContext.sysctls for a pod, and the node must allow what is unsafe: %s', (cgroup) => {
    const advice = at(cgroup);
    expect(advice?.snippet).toMatch(
      /^spec:\n {2}securityContext:\n {4}sysctls:\n {6}- name: net\.ipv4\.tcp_tw_reuse\n {8}value: "1"\n# on each node: kubelet --allowed-unsafe-sysctls=net\.ipv4\.tcp_tw_reuse$/,
    );
    expect(advice?.persistence).toContain('--allowed-unsafe-sysctls');
    const range = widen(there(), proc({ pid: 7, cgroup }), using({ reserved: [], listening: [8080] }));
    expect(range?.persistence).toMatch(
      /net\.ipv4\.ip_local_reserved_ports is a safe one since Kubernetes 1\.27\. net\.ipv4\.ip_local_port_range is a safe one\.$/,
    );
    expect(range?.snippet).not.toContain('unsafe');
  });

  it.each([null, '/user.slice/user-1000.slice/session-1.scope', '/kubepodsy'])(
    'is up to whoever made any other namespace: %s',
    (cgroup) => {
      expect(at(cgroup)).toMatchObject({
        snippet: null,
        persistence: expect.stringContaining('where the namespace is made'),
      });
    },
  );
});

describe('a wider range', () => {
  const range = (use: PortUse | null) => widen(totals({ name: 'host' }), proc({ pid: 7 }), using(use));

  it('reserves what listens in the new part of it, with undo', () => {
    const use = { reserved: [], listening: [22, 8080, 8081, 40_000, 65_000] };
    expect(range(use)).toMatchObject({
      command:
        'sysctl -w net.ipv4.ip_local_reserved_ports="8080-8081,65000" net.ipv4.ip_local_port_range="1024 65535"',
      undo: 'sysctl -w net.ipv4.ip_local_port_range="32768 60999" net.ipv4.ip_local_reserved_ports=""',
      effect: expect.stringContaining('The 3 ports on which programs listen there are reserved'),
      snippet: `printf '%s\\n' 'net.ipv4.ip_local_reserved_ports = 8080-8081,65000' 'net.ipv4.ip_local_port_range = 1024 65535' > /etc/sysctl.d/90-portchurn-ip_local_port_range.conf`,
    });
  });

  it('keeps what is reserved already, also by its undo', () => {
    const use: PortUse = {
      reserved: [
        [9000, 9010],
        [20_000, 20_000],
      ],
      listening: [9005, 9011, 8080],
    };
    expect(range(use)).toMatchObject({
      command: expect.stringContaining('reserved_ports="8080,9000-9011,20000" '),
      undo: expect.stringMatching(/reserved_ports="9000-9010,20000"$/),
    });
  });

  it.each([
    ['nothing listens there', UNUSED],
    ['all that listens there is reserved', { reserved: [[8080, 8090]], listening: [8080, 8085] } as PortUse],
    ['it is not known what listens', null],
  ])('leaves reserved ports alone when %s', (_, use) => {
    expect(range(use)).toMatchObject({
      command: 'sysctl -w net.ipv4.ip_local_port_range="1024 65535"',
      undo: 'sysctl -w net.ipv4.ip_local_port_range="32768 60999"',
      effect: expect.stringContaining('put such ports into ip_local_reserved_ports'),
    });
  });

  it('stays a line that a shell takes with thousands of listeners, none of them left out', () => {
    const listening = Array.from({ length: 6000 }, (_, i) => 1030 + i * 5);
    const command = range({ reserved: [], listening })?.command ?? '';
    expect(command.length).toBeLessThan(3000);
    const listed = /reserved_ports="([^"]*)"/.exec(command)?.[1] ?? '';
    const spans = listed.split(',').map((one) => one.split('-').map(Number));
    const isListed = (port: number) => spans.some(([low = 0, high = low]) => low <= port && port <= high);
    expect(listening.filter((port) => !isListed(port))).toEqual([]);
  });
});

it('lists of ports are written in the kernel’s form', () => {
  expect(
    spansText(
      joined(
        [[80, 80]],
        [
          [82, 82],
          [81, 81],
          [90, 90],
        ],
      ),
    ),
  ).toBe('80-82,90');
  expect(spansText([])).toBe('');
});
