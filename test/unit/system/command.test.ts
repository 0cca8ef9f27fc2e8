/** Which program a command line is about: the script first, else the name by which the file was called. */
import { describe, expect, it } from 'vitest';
import { Namer } from '../../../src/aggregate/model/program-name.js';
import { argsOf } from '../../../src/system/parse/cmdline.js';
import { commandOf } from '../../../src/system/parse/command.js';

const bytes = (words: readonly string[]) => Buffer.from(words.map((word) => `${word}\0`).join(''));

interface Asked {
  exe?: string | null;
  comm?: string | null;
}

/** comm is what exec() makes of the first word, where a test says nothing else. */
function namesOf(words: readonly string[], tail: readonly string[] | null, { exe, comm }: Asked) {
  const args = argsOf({ head: bytes(words).subarray(0, -1), tail: tail === null ? null : bytes(tail) });
  const file = exe === undefined ? `/usr/bin/${words[0]}` : exe;
  const own = comm === undefined ? (words[0]?.split('/').at(-1)?.slice(0, 15) ?? null) : comm;
  return new Namer(false).namesOf({ exe: file, comm: own, command: commandOf(file, own, args) });
}

const nameOf = (line: string, asked: Asked = {}) => namesOf(line.split(' '), null, asked);

describe('a script', () => {
  it.each([
    ['python3 x.py', 'x.py', 'x.py'],
    ['python3 -u -W ignore -X dev /srv/orders.py --all', 'orders.py', '/srv/orders.py'],
    ['python3 -um http.server 8000', 'http.server', '-m http.server'],
    ['python3 -m pkg', 'pkg', '-m pkg'],
    ['python3 -mpkg', 'pkg', '-m pkg'],
    ['node --enable-source-maps -r ./hook.js server.js', 'server.js', 'server.js'],
    ['node x.js', 'x.js', 'x.js'],
    ['deno run --allow-net main.ts', 'main.ts', 'main.ts'],
    ['bash loop.sh', 'loop.sh', 'loop.sh'],
    ['bash -eu -o pipefail /opt/jobs/loop.sh 5', 'loop.sh', '/opt/jobs/loop.sh'],
    ['sh -- -odd', '-odd', '-odd'],
    ['ruby -I lib -rjson app.rb', 'app.rb', 'app.rb'],
    ['perl -w -Mstrict job.pl', 'job.pl', 'job.pl'],
    ['php -d memory_limit=1G -f artisan queue:work', 'artisan', 'artisan'],
    ['java -Xmx1g -jar /opt/orders.jar --port 1', 'orders.jar', '/opt/orders.jar'],
    ['java -cp /a.jar:/b.jar -Dx=y com.example.Main a', 'com.example.Main', 'com.example.Main'],
    ['java -p mods -m shop/com.example.Main', 'com.example.Main', 'shop/com.example.Main'],
    ['dotnet exec --depsfile a.json /app/Shop.dll', null, null],
    ['dotnet /app/Shop.dll', 'Shop.dll', '/app/Shop.dll'],
  ])('of %s is %s', (line, name, script) => {
    const names = nameOf(line);
    const [called] = line.split(' ');
    expect(names).toMatchObject({ name: name ?? called, interpreter: name && called, script });
  });

  it.each([
    'python3',
    'python3 - x.py',
    'python3 -m',
    'python3 -c',
    'node -i',
    'bash -c loop.sh',
    'bash -ec loop.sh',
    'bash -s x',
    'bash',
    'bash /dev/fd/63',
    'java -version',
    'java -jar',
  ])('is not in %s', (line) => {
    const [called] = line.split(' ');
    expect(nameOf(line)).toMatchObject({ name: called, interpreter: null, script: null });
  });

  it('is a pool, and an application, that a title names', () => {
    const php = { exe: '/usr/sbin/php-fpm8.2', comm: 'php-fpm8.2' };
    const titled = (title: string, asked: Asked) => namesOf([title], null, asked);
    expect(titled('php-fpm: pool www', php)).toMatchObject({
      name: 'php-fpm: pool www',
      interpreter: 'php-fpm',
      script: 'php-fpm: pool www',
    });
    expect(titled('php-fpm: master process (/etc/php)', php)).toMatchObject({
      name: 'php-fpm',
      script: null,
    });
    const python = { exe: '/usr/bin/python3.11', comm: 'gunicorn: maste' };
    for (const who of ['master', 'worker'])
      expect(titled(`gunicorn: ${who} [shop]`, python).name).toBe('gunicorn: [shop]');
  });

  describe('of java behind a long classpath', () => {
    const HEAD = ['java', '-Xmx1g', '-cp', '/opt/a.jar:/opt/b'];

    it.each([
      [HEAD, ['pt/z.jar', 'com.example.Main', 'x'], 'com.example.Main'],
      [HEAD, ['z/*', '-Dx=y', '-jar', '/opt/o.jar'], 'o.jar'],
      [['java', '-Dlong=abc'], ['d:/z.jar', 'com.example.Main'], 'com.example.Main'],
    ])('%j … %j is %s', (head, tail, name) => {
      expect(namesOf(head, tail, {})).toMatchObject({ name, interpreter: 'java' });
    });

    it.each([
      ['its arguments end the line', HEAD, ['ument', '/etc/server.properties']],
      ['the end is not known', HEAD, []],
      ['the classpath goes on', HEAD, ['pt/z.jar']],
      ['what is cut may be the class', ['java', '-cp', '/a', 'com.exam'], ['x.jar', 'y']],
      ['what is cut is the jar', ['java', '-jar', '/opt/a'], ['b.jar', 'y']],
      ['it is no name of a class', HEAD, ['pt/z.jar', '{"a":1}']],
    ])('is unknown where %s', (_, head, tail) => {
      expect(namesOf(head, tail, {})).toMatchObject({ name: 'java', script: null });
    });

    it('is unknown for other interpreters, whose script stands in front', () => {
      expect(namesOf(['python3', '-W', 'abc'], ['d.py', 'e.py'], {})).toMatchObject({ script: null });
    });
  });
});

describe('a file', () => {
  it.each<[string, string | null, string | null, string[], string | null]>([
    ['by its name', '/usr/sbin/nginx', 'nginx', ['nginx: worker process'], 'nginx'],
    ['by a link', '/usr/bin/redis-check-rdb', 'redis-server', ['redis-server', '*:6379'], 'redis-server'],
    ['by a title', '/usr/bin/redis-check-rdb', 'redis-server', ['/usr/bin/redis-server *:1'], 'redis-server'],
    ['by a versioned link', '/usr/bin/python3.11', 'python3', ['python3'], 'python3'],
    ['by its comm', '/usr/bin/mawk', 'awk', [], 'awk'],
    [
      'by its whole name',
      '/opt/a-name-of-many-letters',
      'a-name-of-many-',
      ['./a'],
      'a-name-of-many-letters',
    ],
    ['not by argv[0] alone', '/usr/bin/sleep', 'sleep', ['nginx', '5'], 'sleep'],
    ['not by a thread’s name', '/usr/bin/node', 'node-MainThread', ['node'], 'node'],
    ['not as a login shell', '/usr/bin/bash', 'bash', ['-bash'], 'bash'],
    ['by its applet', '/bin/busybox', 'wget', ['wget', 'http://x/'], 'wget'],
    ['by its title', '/usr/bin/node', 'shop', ['shop'], 'shop'],
    ['without a path', null, 'gone', [], 'gone'],
    ['not at all', null, null, [], null],
  ])('is called %s', (_, exe, comm, words, name) => {
    expect(namesOf(words, null, { exe, comm }).name).toBe(name);
  });

  it('runs the script of an applet that is a shell', () => {
    const names = namesOf(['/bin/sh', './loop.sh'], null, { exe: '/bin/busybox', comm: 'loop.sh' });
    expect(names).toMatchObject({ name: 'loop.sh', interpreter: 'sh' });
  });
});

it('names are bounded, whatever a process writes', () => {
  const long = `/srv/${'x'.repeat(5000)}.py`;
  const names = namesOf(['python3', long], null, {});
  expect(names.name?.length).toBeLessThanOrEqual(64);
  expect(names.name).toMatch(/^x+…x+\.py$/);
  expect(names.script?.length).toBeLessThanOrEqual(256);
  expect(namesOf(['y'.repeat(5000)], null, { exe: null, comm: null }).name?.length).toBeLessThanOrEqual(64);
});

describe('a program that is an argument', () => {
  const called = (namer: Namer, words: readonly string[], tail: readonly string[] | null = null) => {
    const [comm = null] = words;
    const command = commandOf(`/usr/bin/${comm}`, comm, { head: words, tail });
    return namer.namesOf({ exe: `/usr/bin/${comm}`, comm, command });
  };
  const names = (...lines: readonly string[][]) => {
    const namer = new Namer(false);
    return lines.map((words) => called(namer, words).name);
  };

  it.each<[string, string[], string]>([
    ['python', ['python3', '-c', 'pass', 'x.py'], '-c #1'],
    ['an option before it', ['python3', '-ISuc', 'pass'], '-c #1'],
    ['in one argument', ['python3', '-cpass'], '-c #1'],
    ['node', ['node', '-e', '1', 'x.js'], '-e #1'],
    ['node in one argument', ['node', '--eval=1', 'x.js'], '--eval #1'],
    ['ruby', ['ruby', '-e', '1'], '-e #1'],
    ['perl', ['perl', '-lane', '1', 'x.pl'], '-e #1'],
    ['php', ['php', '-r', '1'], '-r #1'],
  ])('has a number instead of a name: %s', (_, words, script) => {
    expect(called(new Namer(false), words)).toMatchObject({
      name: `${words[0]} ${script}`,
      script,
      interpreter: null,
    });
    expect(called(new Namer(true), words)).toMatchObject({ name: `${words[0]} ${script}`, script });
  });

  it('is the same one for the same text, whatever follows, and whatever its numbers are', () => {
    const spawn = (pipe: number) => `from multiprocessing.spawn import spawn_main; spawn_main(pipe=${pipe})`;
    expect(
      names(
        ['python3', '-c', spawn(7)],
        ['python3', '-c', 'import orders'],
        ['python3', '-u', '-c', spawn(12), 'more'],
        ['python3.11', '-c', 'import orders'],
      ),
    ).toEqual(['python3 -c #1', 'python3 -c #2', 'python3 -c #1', 'python3.11 -c #1']);
  });

  it('is nothing of a shell, to which anything is given', () => {
    expect(names(['bash', '-c', 'curl a'], ['sh', '-ec', 'curl b'])).toEqual(['bash', 'sh']);
  });

  it('that is cut is known by what /proc has of it, not by what the kernel’s record has', () => {
    const long = 'import a; '.repeat(300);
    const namer = new Namer(false);
    const name = (text: string, tail: string[] | null) => called(namer, ['python3', '-c', text], tail).name;
    expect(name(long, null)).toBe('python3 -c #1');
    expect(name(long.slice(0, 2000), ['end'])).toBe('python3 -c #1');
    expect(name(long.slice(0, 500), ['end'])).toBe('python3');
    expect(name(long.slice(0, 500), null)).toBe('python3 -c #2');
    const behind = ['python3', '-c', 'pass', 'x'.repeat(500)];
    expect(called(namer, behind, ['end']).name).toBe('python3 -c #3');
  });

  it('that is written anew for each call has no number any more when there are many', () => {
    const namer = new Namer(false);
    const one = (at: number) =>
      called(namer, ['python3', '-c', `get("${String.fromCharCode(97 + (at % 26), 97 + at / 26)}")`]).name;
    const all = Array.from({ length: 100 }, (_, at) => one(at));
    expect(new Set(all).size).toBe(64 + 1);
    expect([all[63], all[64], all[99], one(0)]).toEqual([
      'python3 -c #64',
      'python3',
      'python3',
      'python3 -c #1',
    ]);
    expect(called(namer, ['ruby', '-e', '1']).name).toBe('ruby -e #1');
  });
});

it('hidden scripts are numbered by their interpreters, and past many by their hash', () => {
  const namer = new Namer(true);
  const name = (words: string[]) => {
    const exe = `/usr/bin/${words[0]}`;
    const [comm = null] = words;
    return namer.namesOf({ exe, comm, command: commandOf(exe, comm, { head: words, tail: null }) });
  };
  expect(['a.py', 'b.py', 'a.py'].map((script) => name(['python3', script]).name)).toEqual([
    'python3 #1',
    'python3 #2',
    'python3 #1',
  ]);
  expect(name(['ruby', 'a.py'])).toMatchObject({
    name: 'ruby #1',
    script: expect.stringMatching(/^#[0-9a-f]{12}$/),
  });
  for (let i = 0; i < 6000; i++) name(['perl', `${i}.pl`]);
  expect(name(['perl', '5999.pl']).name).toMatch(/^perl #[0-9a-f]{12}$/);
  expect(name(['python3', 'a.py']).name).toBe('python3 #1');
  expect(
    new Namer(true).namesOf({ exe: '/a', comm: 'a', command: commandOf(null, 'a', { head: [], tail: null }) })
      .name,
  ).toBe('a');
});
