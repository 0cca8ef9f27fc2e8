import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { argsOf, lineOf, NO_ARGS } from '../../../src/system/parse/cmdline.js';
import { parseCgroup, parseStat, parseStatus } from '../../../src/system/parse/process.js';
import { CMDLINE_LIMIT, hasEnded, readProcess } from '../../../src/system/proc.js';
import { testScope } from '../../support/scope.js';
import { plant, statText } from '../../support/tree.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const joinArgs = (head: Uint8Array, tail: Uint8Array | null = null) => lineOf(argsOf({ head, tail }));

describe('a command line', () => {
  it('joins arguments with blanks and quotes what a shell would split or expand', () => {
    expect(joinArgs(bytes('curl\0-s\0http://a/?x=1&y=2\0'))).toBe("curl -s 'http://a/?x=1&y=2'");
    expect(joinArgs(bytes('sh\0-c\0echo hi; exit\0'))).toBe("sh -c 'echo hi; exit'");
    expect(joinArgs(bytes('a\0\0b\0'))).toBe("a '' b");
  });

  it('gives back the same arguments when a shell reads it', () => {
    const args = [
      'printf',
      '%s\\0',
      "it's",
      'two words',
      '$HOME',
      '`id`',
      '"',
      '\\',
      '*',
      'a\nb',
      '~',
      '#x',
      'é',
    ];
    const line = joinArgs(Buffer.from(`${args.join('\0')}\0`));
    const words = execFileSync('sh', ['-c', line ?? ''], { encoding: 'utf8' });
    expect(words).toBe(`${args.slice(2).join('\0')}\0`);
  });

  it('leaves a title, which is one argument with blanks and padding, unquoted', () => {
    expect(joinArgs(bytes('nginx: worker process\0\0\0\0'))).toBe('nginx: worker process');
    expect(joinArgs(bytes('postgres: main: idle   '))).toBe('postgres: main: idle');
  });

  it('is null when there is none', () => {
    expect(joinArgs(bytes(''))).toBeNull();
    expect(joinArgs(bytes('\0\0'))).toBeNull();
    expect(argsOf({ head: bytes('\0\0'), tail: null })).toEqual({ head: [], tail: null });
  });

  it('is also given argument by argument', () => {
    expect(argsOf({ head: bytes('sh\0-c\0a b\0'), tail: null }).head).toEqual(['sh', '-c', 'a b']);
  });

  it('replaces bytes that are no UTF-8', () => {
    expect(joinArgs(bytes('a\0\xff\xfe\0'))).toBe("a '\ufffd\ufffd'");
  });

  it('has an ellipsis where it is cut, without the characters the cut went through', () => {
    const cut = Buffer.from('a\0bcé').subarray(0, 5);
    expect(joinArgs(cut, bytes(''))).toBe('a bc…');
    expect(joinArgs(cut, Buffer.from('éf.jar\0com.example.Main\0two words\0').subarray(1))).toBe(
      "a bc…f.jar com.example.Main 'two words'",
    );
  });
});

describe('/proc/PID/stat', () => {
  it('gives comm, parent and start', () => {
    const stat = parseStat(Buffer.from(statText(7, 'nginx', { ppid: 3, startTicks: 12345 })));
    expect(stat).toEqual({ comm: 'nginx', ppid: 3, startTicks: 12345 });
  });

  it('is not fooled by a comm with brackets, blanks and numbers', () => {
    const stat = parseStat(Buffer.from(statText(7, 'a) S 99 (b', { ppid: 3, startTicks: 5 })));
    expect(stat).toEqual({ comm: 'a) S 99 (b', ppid: 3, startTicks: 5 });
  });

  it('holds the comm as it is, newlines and backslashes too', () => {
    expect(parseStat(Buffer.from(statText(7, 'a\nb\\n')))?.comm).toBe('a\nb\\n');
  });

  it('gives null when the text is cut or is something else', () => {
    const whole = statText(7, 'nginx');
    for (const text of ['', '7', '7 (nginx', '7 (nginx)', whole.slice(0, 20), ')('])
      expect(parseStat(Buffer.from(text)), text).toBeNull();
  });
});

it('takes uid and tgid from /proc/PID/status, each null when it is not there', () => {
  expect(parseStatus('Name:\tx\nTgid:\t12\nUid:\t1000\t0\t0\t0\n')).toEqual({ tgid: 12, uid: 1000 });
  expect(parseStatus('')).toEqual({ tgid: null, uid: null });
});

describe('/proc/PID/cgroup', () => {
  it('prefers version 2, then systemd, then the first controller', () => {
    expect(parseCgroup('2:cpu:/c\n1:name=systemd:/s\n0::/v2\n')).toBe('/v2');
    expect(parseCgroup('2:cpu:/c\n1:name=systemd:/s\n')).toBe('/s');
    expect(parseCgroup('3:memory,pids:/m\n2:cpu:/c\n')).toBe('/m');
    expect(parseCgroup('')).toBeNull();
  });

  it('keeps colons of the path and drops the mark of a removed group', () => {
    expect(parseCgroup('0::/a:b (deleted)\n')).toBe('/a:b');
  });

  it('a group outside of our control group namespace has no dots', () => {
    expect(parseCgroup('0::/../../user.slice/x.service\n')).toBe('/user.slice/x.service');
    expect(parseCgroup('0::/../..\n')).toBe('/');
    expect(parseCgroup('0::/..a/..\n')).toBe('/..a/..');
  });
});

describe('a process', () => {
  const status = (pid: number) => `Name:\tx\nTgid:\t${pid}\nUid:\t33\t33\t33\t33\n`;

  it('has every part that /proc tells', () => {
    const root = plant(testScope().directory(), {
      files: {
        '9/stat': statText(9, 'php-fpm8.2', { ppid: 4, startTicks: 500 }),
        '9/status': status(9),
        '9/cmdline': 'php-fpm: pool www\0',
        '9/cgroup': '0::/system.slice/php.service\n',
        '4/stat': statText(4, 'php-master', { startTicks: 400 }),
      },
      links: { '9/exe': '/usr/sbin/php-fpm8.2' },
    });
    expect(readProcess(9, root)).toEqual({
      pid: 9,
      startTicks: 500,
      ppid: 4,
      parent: { pid: 4, startTicks: 400, comm: 'php-master' },
      comm: 'php-fpm8.2',
      exe: '/usr/sbin/php-fpm8.2',
      exeDeleted: false,
      args: { head: ['php-fpm: pool www'], tail: null },
      uid: 33,
      cgroup: '/system.slice/php.service',
    });
  });

  it('has nulls for the parts that cannot be read', () => {
    const root = plant(testScope().directory(), { files: { '9/stat': statText(9, 'kworker', { ppid: 2 }) } });
    expect(readProcess(9, root)).toMatchObject({
      comm: 'kworker',
      parent: null,
      exe: null,
      args: NO_ARGS,
      uid: null,
      cgroup: null,
    });
  });

  it('has no parent when the pid of its parent went to a younger process', () => {
    const files = {
      '9/stat': statText(9, 'child', { ppid: 4, startTicks: 500 }),
      '4/stat': statText(4, 'stranger', { startTicks: 501 }),
    };
    const facts = readProcess(9, plant(testScope().directory(), { files }));
    expect(facts).toMatchObject({ ppid: 4, parent: null });
  });

  it('is null for a thread that is not its main one', () => {
    const files = { '9/stat': statText(9, 'thread'), '9/status': status(8) };
    expect(readProcess(9, plant(testScope().directory(), { files }))).toBeNull();
  });

  it('is null when there is none', () => {
    const root = testScope().directory();
    for (const pid of [1, 0, -1, 1.5, Number.NaN]) expect(readProcess(pid, root), String(pid)).toBeNull();
  });

  it('loses the mark of a deleted exe, and says so, unless a file is really called that', () => {
    const scope = testScope();
    const files = { '9/stat': statText(9, 'a'), '8/stat': statText(8, 'b'), 'b (deleted)': '' };
    const root = scope.directory();
    plant(root, { files, links: { '9/exe': '/no/such/a (deleted)', '8/exe': `${root}/b (deleted)` } });
    expect(readProcess(9, root)).toMatchObject({ exe: '/no/such/a', exeDeleted: true });
    expect(readProcess(8, root)).toMatchObject({ exe: `${root}/b (deleted)`, exeDeleted: false });
  });

  const argsLike = (cmdline: string) => {
    const files = { '9/stat': statText(9, 'a'), '9/cmdline': cmdline };
    return readProcess(9, plant(testScope().directory(), { files }))?.args;
  };
  const HALF = CMDLINE_LIMIT / 2;

  it('keeps both ends of a long command line', () => {
    expect(argsLike(`java\0-cp\0${'x'.repeat(100_000)}\0Main\0`)).toEqual({
      head: ['java', '-cp', 'x'.repeat(HALF - 9)],
      tail: ['x'.repeat(HALF - 6), 'Main'],
    });
    expect(argsLike(`a\0${'x'.repeat(CMDLINE_LIMIT - 1)}\0`)).toEqual({
      head: ['a', 'x'.repeat(HALF - 2)],
      tail: ['x'.repeat(HALF - 1)],
    });
  });

  it('keeps the beginning of one that is too long to be read to its end', () => {
    expect(argsLike(`a\0${'x'.repeat(1_000_000)}\0`)).toEqual({
      head: ['a', 'x'.repeat(HALF - 2)],
      tail: [],
    });
  });

  /** Every reading of 9/stat gets the next of `stats`, through a FIFO; 9/status, read in between, keeps them apart. */
  function changing(root: string, stats: string[]): string {
    plant(root, { files: { '9/cmdline': 'x\0' } });
    execFileSync('mkfifo', [`${root}/9/stat`, `${root}/9/status`]);
    const script = 'printf %s "$1" >stat; shift; for text; do echo >status; printf %s "$text" >stat; done';
    spawn('sh', ['-c', script, 'sh', ...stats], { cwd: `${root}/9`, stdio: 'ignore' });
    return root;
  }

  it('is null when the pid changes hands while it is read', () => {
    const stats = [1, 2].map((startTicks) => statText(9, 'same', { ppid: 0, startTicks }));
    expect(readProcess(9, changing(testScope().directory(), stats))).toBeNull();
  });

  it('is read again when it calls exec while it is read', () => {
    const stats = ['bash', 'curl', 'curl'].map((comm) => statText(9, comm, { ppid: 0 }));
    const facts = readProcess(9, changing(testScope().directory(), stats));
    expect(facts).toMatchObject({ comm: 'curl', args: { head: ['x'] } });
  });

  it('is given as it was last when it never keeps its name', () => {
    const stats = ['a', 'b', 'c', 'd'].map((comm) => statText(9, comm, { ppid: 0 }));
    expect(readProcess(9, changing(testScope().directory(), stats))).toMatchObject({ comm: 'c' });
  });
});

describe('that a process has ended', () => {
  const FREE = 2 ** 22 + 1; // above PID_MAX_LIMIT: nobody's pid
  const proc = (pid: number, stat: string) =>
    plant(testScope().directory(), { files: { [`${pid}/stat`]: stat } });
  const inState = (state: string, threads: number) =>
    statText(7, 'a')
      .replace(') S', `) ${state}`)
      .replace(/^((\S+ ){19})\S+/, `$1${threads}`);

  it('is told by its absence, or by another start', () => {
    const root = proc(7, statText(7, 'a', { startTicks: 1000 }));
    expect([hasEnded(7, 1000, root), hasEnded(7, 999, root), hasEnded(7, null, root)]).toEqual([
      false,
      true,
      false,
    ]);
    expect(hasEnded(FREE, 1000, root)).toBe(true);
  });

  it('is told while nobody has waited for it, unless a thread of it runs on', () => {
    expect(hasEnded(7, 1000, proc(7, inState('Z', 1)))).toBe(true);
    expect(hasEnded(7, 1000, proc(7, inState('Z', 2)))).toBe(false);
    expect(hasEnded(7, 1000, proc(7, inState('S', 1)))).toBe(false);
  });

  it('is not told by files that cannot be read, as under hidepid or without descriptors', () => {
    const empty = testScope().directory();
    expect([hasEnded(process.pid, 1, empty), hasEnded(1, 1, empty), hasEnded(FREE, 1, empty)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('is told of a real one', async () => {
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    const pid = child.pid as number;
    const ticks = readProcess(pid)?.startTicks as number;
    expect([hasEnded(pid, ticks), hasEnded(pid, ticks - 1)]).toEqual([false, true]);
    const gone = once(child, 'exit');
    child.stdin.end();
    await gone;
    expect(hasEnded(pid, ticks)).toBe(true);
  });
});
