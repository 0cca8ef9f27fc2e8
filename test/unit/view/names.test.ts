import { describe, expect, it } from 'vitest';
import {
  besideName,
  namespaceName,
  ownerName,
  pidsText,
  withPid,
  workloadMark,
  workloadText,
} from '../../../src/view/names.js';
import { proc } from '../publish/rows.js';

describe('a process', () => {
  it('is called what the service calls it', () => {
    expect(ownerName({ process: proc({ name: 'orders.py', comm: 'python3' }), program: 'p' })).toBe(
      'orders.py',
    );
    expect(ownerName({ process: proc({ name: null, comm: 'python3' }), program: 'p' })).toBeNull();
  });

  it('has its interpreter and its pid beside its name, as far as they are known', () => {
    expect(besideName({ interpreter: 'python3', pid: 4711 })).toBe('python3 · 4711');
    expect(besideName({ interpreter: 'python3', pid: null })).toBe('python3');
    expect(besideName({ interpreter: null, pid: 4711 })).toBe('4711');
    expect(besideName({ interpreter: null, pid: null })).toBeNull();
  });

  it('is one of a workload, which the name of a pod lets guess and Compose says', () => {
    const guessed = { workload: 'shop/web', workloadGuessed: true };
    const said = { ...guessed, workloadGuessed: false };
    expect([workloadText(guessed), workloadMark(guessed)]).toEqual([
      'shop/web (guessed by the pod’s name)',
      '~shop/web',
    ]);
    expect([workloadText(said), workloadMark(said)]).toEqual(['shop/web', 'shop/web']);
    const none = { workload: null, workloadGuessed: null };
    expect([workloadText(none), workloadMark(none)]).toEqual([null, null]);
  });

  it('sums up a workload that was guessed for some of its processes: that is said', () => {
    expect(workloadMark({ workload: 'shop/web', workloadGuessed: null })).toBe('~shop/web');
  });

  it('is not said to be guessed by a service that does not know of guesses', () => {
    const { workloadGuessed: _, ...earlier } = { workload: 'shop/web', workloadGuessed: true };
    expect([workloadText(earlier), workloadMark(earlier)]).toEqual(['shop/web', 'shop/web']);
  });

  it('that was rolled up is called by its program', () => {
    const program = 'curl (loop.sh)';
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

it.each([
  [[7], 0, '7'],
  [[7, 8], 0, '7, 8'],
  [[7, 8], 34, '7, 8 and 34 more'],
  [[7, 8], null, '7, 8 and more'],
])('the pids %j and %j others are told as %s', (listed, more, text) => {
  expect(pidsText({ listed, more })).toBe(text);
});
