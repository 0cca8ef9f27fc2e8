/**
 * System packages: who gets which names, and what somebody is told for whom set-up cannot install.
 */
import { describe, expect, it } from 'vitest';
import { advice, managerOf, PACKAGES } from '../../../scripts/lib/packages.js';

const MANAGERS = ['apt', 'dnf', 'pacman', 'apk', 'zypper'] as const;

describe('the package list', () => {
  const all = Object.values(PACKAGES).flat();
  const evidence = ({ command, library, header, runtime, check }: (typeof all)[number]) =>
    [command, library, header, runtime, check].filter((it) => it !== undefined);
  /** musl has no systemd, and GCC no sanitizers for it. */
  const NOT_ON_ALPINE = ['libasan.so', 'libubsan.so', 'systemd-analyze'];

  it.each(all.map((entry) => [evidence(entry)[0], entry] as const))(
    '%s has a reason and a name for each distribution that has it',
    (_, entry) => {
      expect(entry.why).toMatch(/^[a-z].{8,}[^.]$/);
      const names = MANAGERS.map((manager) => entry[manager]).filter((name) => name !== null);
      for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9+._-]+$/);
      const [thing, ...more] = evidence(entry);
      expect(more).toEqual([]);
      if (
        [...PACKAGES.fixes, ...PACKAGES.packages, ...PACKAGES.systems, ...PACKAGES.containers].includes(entry)
      )
        expect(entry.apt).not.toBeNull();
      else expect(names.length).toBe(NOT_ON_ALPINE.includes(thing as string) ? 4 : 5);
    },
  );

  it('looks for each thing once', () => {
    const things = all.flatMap(evidence);
    expect(new Set(things).size).toBe(things.length);
  });
});

describe('the package manager', () => {
  it.each([
    ['Debian', 'ID=debian\n', 'apt'],
    ['Ubuntu', 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', 'apt'],
    ['Mint', 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'apt'],
    ['Fedora', 'ID=fedora\n', 'dnf'],
    ['Rocky', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'dnf'],
    ['Arch', 'ID=arch\n', 'pacman'],
    ['Alpine', 'ID=alpine\n', 'apk'],
    ['openSUSE', 'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', 'zypper'],
    ['a distribution nobody knows', 'ID=plan9\n', null],
    ['no os-release', '', null],
  ])('of %s is known', (_, osRelease, manager) => {
    expect(managerOf(osRelease)).toBe(manager);
  });
});

/** Each list as somebody who knows the distribution would write it. */
const COMMANDS = [
  ['dnf', 'build', 'dnf install cmake make gcc-c++ clang pkgconf-pkg-config libbpf-devel kernel-headers'],
  ['pacman', 'build', 'pacman -S --needed cmake make gcc clang pkgconf libbpf linux-api-headers'],
  ['apk', 'build', 'apk add cmake make build-base clang pkgconf libbpf-dev linux-headers'],
  [
    'zypper',
    'build',
    'zypper install cmake make gcc-c++ clang pkgconf-pkg-config libbpf-devel linux-glibc-devel',
  ],
  [
    'dnf',
    'test',
    'dnf install clang-tools-extra libasan libubsan iproute util-linux iptables-nft procps-ng curl wget httpd-tools nginx ' +
      'postgresql-server postgresql-contrib valkey-compat-redis python3 strace golang-github-prometheus systemd chromium tmux zsh fish',
  ],
  [
    'pacman',
    'test',
    'pacman -S --needed clang gcc-libs iproute2 util-linux iptables procps-ng curl wget apache nginx postgresql valkey ' +
      'python strace prometheus systemd chromium tmux zsh fish',
  ],
  [
    'apk',
    'test',
    'apk add clang-extra-tools iproute2 util-linux iptables procps curl wget apache2-utils nginx postgresql ' +
      'postgresql-client redis python3 strace prometheus chromium tmux zsh fish',
  ],
  [
    'zypper',
    'test',
    'zypper install clang-tools gcc-c++ iproute2 util-linux iptables procps curl wget apache2-utils nginx ' +
      'postgresql-server postgresql-contrib redis python3 strace golang-github-prometheus-prometheus systemd chromium tmux zsh fish',
  ],
] as const;

describe('the advice', () => {
  it.each(COMMANDS)('for %s, all of the %s list, is one command', (manager, list, command) => {
    expect(advice(PACKAGES[list], manager, true).split('\n').at(-1)).toBe(`  ${command}`);
  });

  it('is one command with the names of the distribution, each name once, and a reason for each', () => {
    const text = advice(PACKAGES.build, 'dnf', true);
    expect(text).toContain('\n  dnf install cmake make gcc-c++ clang pkgconf-pkg-config libbpf-devel');
    for (const { why } of PACKAGES.build) expect(text).toContain(why);
    expect(
      advice(PACKAGES.test, 'apt', true)
        .match(/apt-get install .*/)?.[0]
        .match(/\bpostgresql\b/g),
    ).toHaveLength(1);
  });

  it('uses sudo for somebody who is not root', () => {
    expect(advice(PACKAGES.build, 'apt', false)).toContain('\n  sudo apt-get install cmake');
  });

  it('gives Debian’s names on a distribution it does not know', () => {
    const text = advice(PACKAGES.build, null, true);
    expect(text).toContain('libbpf-dev: loads the BPF program');
    expect(text).toContain('the names Debian uses');
  });
});
