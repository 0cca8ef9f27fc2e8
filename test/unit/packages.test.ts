/**
 * System packages: who gets which names, and what somebody is told for whom set-up cannot install.
 */
import { describe, expect, it } from 'vitest';
import { advice, managerOf, PACKAGES } from '../../scripts/lib/packages.js';

const MANAGERS = ['apt', 'dnf', 'pacman', 'apk', 'zypper'] as const;

describe('the package list', () => {
  const all = Object.values(PACKAGES).flat();

  it.each(all.map((entry) => [entry.command ?? entry.library, entry] as const))(
    '%s has a reason and five names',
    (_, entry) => {
      expect(entry.why).toMatch(/^[a-z].{8,}[^.]$/);
      for (const manager of MANAGERS) expect(entry[manager]).toMatch(/^[a-z0-9][a-z0-9+._-]+$/);
      expect(Boolean(entry.command) !== Boolean(entry.library)).toBe(true);
    },
  );

  it('looks for each thing once', () => {
    const things = all.map((entry) => entry.command ?? entry.library);
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

describe('the advice', () => {
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
