/** What containers call destinations: by which process a file is read, for whom its names are, and how much of it is kept. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import {
  ContainerHosts,
  type HostsLimits,
  type ReadHosts,
} from '../../../src/system/destinations/container-hosts.js';
import { topOfGroup } from '../../../src/system/destinations/top-of-group.js';
import { testScope } from '../../support/scope.js';
import { plant, statText } from '../../support/tree.js';

const groupOf = (digit: string) => `/docker/${digit.repeat(64)}`;
const GROUP = groupOf('a');
const ADDRESS = '10.77.0.9';
const AT_ONCE = { checkMs: 0 };

interface Made {
  pid: number;
  ppid?: number;
  startTicks?: number;
  group?: string;
}

function procOf(...made: Made[]): string {
  const root = testScope().directory();
  for (const { pid, ppid = 1, startTicks = pid, group = GROUP } of [{ pid: 1, ppid: 0, group: '/' }, ...made])
    plant(root, {
      files: {
        [`${pid}/stat`]: statText(pid, 'sh', { ppid, startTicks }),
        [`${pid}/cgroup`]: `0::${group}\n`,
      },
    });
  return root;
}

const living = (pid: number, startTicks = pid) => ({ pid, startTicks });

it('a file is read by the root of who was first in the container, whoever in there asks', () => {
  const root = procOf({ pid: 10 }, { pid: 11, ppid: 10 }, { pid: 12, ppid: 11 });
  for (const pid of [10, 11, 12]) expect(topOfGroup(living(pid), GROUP, root)).toMatchObject(living(10));
});

it.each<[string, Made[]]>([
  ['has ended, and another has its pid', [{ pid: 12, startTicks: 99 }]],
  ['has ended', []],
  ['is in another container by now', [{ pid: 12, group: groupOf('b') }]],
  ['is in none', [{ pid: 12, group: '/system.slice/a.service' }]],
  ['has a parent that ended meanwhile', [{ pid: 12, ppid: 7 }]],
  ['has a parent that is younger', [{ pid: 12, ppid: 13 }, { pid: 13 }]],
])('nothing is read by a process that %s', (_, made) => {
  expect(topOfGroup(living(12), GROUP, procOf(...made))).toBeNull();
});

it('nothing is read by a process with endless parents', () => {
  const line = Array.from({ length: 100 }, (_, at) => ({ pid: 100 + at, ppid: at === 0 ? 1 : 99 + at }));
  expect(topOfGroup(living(199), GROUP, procOf(...line))).toBeNull();
  expect(topOfGroup(living(150), GROUP, procOf(...line))).toMatchObject(living(100));
});

function hostsOf(root: string, read: ReadHosts, limits: Partial<HostsLimits> = AT_ONCE): ContainerHosts {
  return new ContainerHosts(read, limits, root);
}

const textOf = (text: string) => ({ version: text, bytes: Buffer.from(text) });

it('names are for the control group of the container, and of nobody beside it', async () => {
  const root = procOf({ pid: 10 }, { pid: 20, group: groupOf('b') });
  const read: string[] = [];
  const hosts = hostsOf(root, async (pid) => {
    read.push(String(pid));
    return textOf(`${ADDRESS} db${pid}\n`);
  });
  hosts.ask(GROUP, living(10));
  hosts.ask(groupOf('b'), living(20));
  await hosts.settled();
  expect([GROUP, groupOf('b'), groupOf('c')].map((group) => hosts.nameOf(group, ADDRESS))).toEqual([
    'db10',
    'db20',
    null,
  ]);
  expect(read).toEqual(['10', '20']);
});

it('a file is looked at once in ten seconds, and its bytes are overwritten', async () => {
  const text = textOf(`${ADDRESS} db\n# canary\n`);
  let reads = 0;
  const hosts = hostsOf(
    procOf({ pid: 10 }),
    async () => {
      reads += 1;
      return text;
    },
    {},
  );
  for (let asked = 0; asked < 3; asked++) {
    hosts.ask(GROUP, living(10));
    await hosts.settled();
  }
  expect(reads).toBe(1);
  expect(text.bytes.every((byte) => byte === 0)).toBe(true);
  expect(hosts.nameOf(GROUP, ADDRESS)).toBe('db');
});

it('names stay while the file is the same or nobody can be asked, and go with the file', async () => {
  const root = procOf({ pid: 10 });
  const [first, same] = [textOf(`${ADDRESS} db\n`), { version: `${ADDRESS} db\n`, bytes: null }];
  const answers = [first, same, 'busy' as const, null];
  const known: string[] = [];
  const hosts = hostsOf(root, async (_, version) => {
    known.push(version);
    return answers.shift() ?? null;
  });
  const next = async (pid = 10) => {
    hosts.ask(GROUP, living(pid));
    await hosts.settled();
    return hosts.nameOf(GROUP, ADDRESS);
  };
  expect([await next(), await next(), await next(), await next(11), await next()]).toEqual([
    'db',
    'db',
    'db',
    'db',
    null,
  ]);
  expect(known).toEqual(['', first.version, first.version, first.version]);
});

it('what was read while the pid changed hands is not taken', async () => {
  const root = procOf({ pid: 10 });
  const hosts = hostsOf(root, async () => {
    rmSync(join(root, '10'), { recursive: true });
    return textOf(`${ADDRESS} db\n`);
  });
  hosts.ask(GROUP, living(10));
  await hosts.settled();
  expect(hosts.nameOf(GROUP, ADDRESS)).toBeNull();
});

it('a file that does not come is not asked for again at once, and a reader that fails takes nothing away', async () => {
  let reads = 0;
  const late = hostsOf(procOf({ pid: 10 }), async () => {
    reads += 1;
    return 'late';
  });
  for (let asked = 0; asked < 3; asked++) {
    late.ask(GROUP, living(10));
    await late.settled();
  }
  expect(reads).toBe(1);
  const failing = hostsOf(procOf({ pid: 10 }), async (_, known) => {
    if (known !== '') throw new Error('no thread');
    return textOf(`${ADDRESS} db\n`);
  });
  for (let asked = 0; asked < 2; asked++) {
    failing.ask(GROUP, living(10));
    await failing.settled();
  }
  expect(failing.nameOf(GROUP, ADDRESS)).toBe('db');
});

it('says whose names are missing while they are wanted: a file that does not answer, too many others that do not, no place', async () => {
  const groups = ['a', 'b', 'c', 'd'].map(groupOf);
  const root = procOf(...groups.map((group, at) => ({ pid: 10 + at, group })));
  const text = textOf(`${ADDRESS} db\n`);
  const answers: (typeof text | 'late' | 'busy')[] = [text, 'late', 'busy', text, text, 'busy'];
  const limits = { files: 3, checkMs: 0, lateMs: 0 };
  const hosts = hostsOf(root, async () => answers.shift() ?? null, limits);
  const ask = async (at: number) => {
    hosts.ask(groups[at] as string, living(10 + at));
    await hosts.settled();
    return hosts.trouble();
  };
  expect(await ask(0)).toEqual({ silent: [], unread: [], isFull: false });
  expect(await ask(1)).toEqual({ silent: [groups[1]], unread: [], isFull: false });
  expect(await ask(2)).toEqual({ silent: [groups[1]], unread: [groups[2]], isFull: false });
  expect(await ask(3)).toEqual({ silent: [groups[1]], unread: [groups[2]], isFull: true });
  expect(await ask(1)).toEqual({ silent: [], unread: [groups[2]], isFull: true });
  expect(await ask(2)).toEqual({ silent: [], unread: [], isFull: true });
  expect(await ask(0)).toEqual({ silent: [], unread: [groups[0]], isFull: true });
  const later = performance.now() + 60_001;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => later);
  expect(hosts.trouble()).toEqual({ silent: [], unread: [], isFull: false });
  clock.mockRestore();
});

const manyLines = (count: number) =>
  Array.from({ length: count }, (_, at) => `10.1.${at >> 8}.${at & 255} n${at}\n`).join('');

it('of one file, of all together and of containers so many are kept, and what is in use stays', async () => {
  const digits = ['a', 'b', 'c', 'd'];
  const root = procOf(...digits.map((digit, at) => ({ pid: 10 + at, group: groupOf(digit) })));
  const limits = { files: 3, each: 4, names: 10, checkMs: 0 };
  const hosts = hostsOf(root, async () => textOf(manyLines(100)), limits);
  const ask = async (at: number) => {
    hosts.ask(groupOf(digits[at] as string), living(10 + at));
    await hosts.settled();
  };
  for (let at = 0; at < digits.length; at++) await ask(at);
  const kept = () =>
    digits.map((digit) => {
      const names = Array.from({ length: 100 }, (_, at) => hosts.nameOf(groupOf(digit), `10.1.0.${at}`));
      return names.filter((name) => name !== null).length;
    });
  expect(kept()).toEqual([4, 4, 2, 0]);
  await ask(0);
  expect(kept()).toEqual([4, 4, 2, 0]);
});

it('a file that nobody has asked for gives its place and its names to another', async () => {
  const root = procOf({ pid: 10 }, { pid: 20, group: groupOf('b') });
  const limits = { files: 1, names: 4, each: 4, unusedMs: 0, checkMs: 0 };
  const hosts = hostsOf(root, async () => textOf(manyLines(4)), limits);
  hosts.ask(GROUP, living(10));
  await hosts.settled();
  hosts.ask(groupOf('b'), living(20));
  await hosts.settled();
  expect([GROUP, groupOf('b')].map((group) => hosts.nameOf(group, '10.1.0.3'))).toEqual([null, 'n3']);
});
