import { describe, expect, it } from 'vitest';
import { namespaceName, ownerName, processName, withPid } from '../../../src/view/names.js';
import { proc } from '../publish/rows.js';

describe('a process', () => {
  it('is called by its comm, else by the file name of its executable', () => {
    expect(processName(proc({ comm: 'ab', exe: '/usr/bin/ab2' }))).toBe('ab');
    expect(processName(proc({ comm: null, exe: '/usr/bin/ab2' }))).toBe('ab2');
    expect(processName(proc({ comm: null, exe: null }))).toBeNull();
  });

  it('that was rolled up is called by its program', () => {
    const program = 'curl (bash loop.sh)';
    expect(ownerName({ process: proc({ pid: 7, comm: 'curl' }), program })).toBe('curl');
    expect(ownerName({ process: proc({ pid: null, comm: 'curl' }), program })).toBe(program);
    expect(ownerName({ process: proc({ pid: null, comm: 'curl' }), program: null })).toBe('curl');
  });

  it('has its pid behind its name, and words where there is neither', () => {
    expect([withPid('worker', 77), withPid('worker', null), withPid(null, 77)]).toEqual([
      'worker 77',
      'worker',
      'pid 77',
    ]);
    expect([withPid(null, null), withPid(null, null, 'unknown process')]).toEqual([
      'unknown owner',
      'unknown process',
    ]);
  });
});

it('a namespace without a name is its inode', () => {
  expect(namespaceName({ name: 'shop', netns: 5 })).toBe('shop');
  expect(namespaceName({ name: null, netns: 5 })).toBe('netns 5');
  expect(namespaceName({ name: null, netns: null })).toBe('netns unknown');
});
