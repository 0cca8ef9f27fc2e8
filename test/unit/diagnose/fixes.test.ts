import { execFileSync } from 'node:child_process';
/** Which fix is printed for whom; that it works is shown by test/fixes. */
import { describe, expect, it } from 'vitest';
import { findLine, lateBindFix, reuseFixes } from '../../../src/diagnose/fixes.js';
import { protocolOf, RUNTIMES, type Runtime } from '../../../src/diagnose/runtime.js';
import type { Place } from '../../../src/protocol/rows.js';
import { proc } from '../publish/rows.js';
import { actor, FACTS, tables } from './world.js';

const at = (port: number | null, address: string | null = '10.0.0.9'): Place => ({ address, port });
const named = (name: string) => proc({ pid: 4242, comm: name, exe: `/usr/bin/${name}`, cmdline: name });
const texts = (name: string, to: Place, accepts?: string) => {
  const acceptor = accepts ? [actor({ direction: 'in', destination: to, process: named(accepts) })] : [];
  return reuseFixes(named(name), to, FACTS, tables({ actors: acceptor })).map(
    ({ text, snippet }) => `${text} ${snippet}`,
  );
};

describe('nginx', () => {
  it('is told fastcgi_pass alone where php-fpm accepts, whatever the port', () => {
    for (const port of [9000, 8080, 9123]) {
      const [only, ...more] = texts('nginx', at(port), 'php-fpm8.2');
      expect(only).toContain('fastcgi_keep_conn on;');
      expect(only).not.toContain('proxy_pass');
      expect(more).toEqual([]);
    }
  });

  it('is told proxy_pass alone where another program accepts, or only HTTP is usual', () => {
    for (const found of [texts('nginx', at(9000), 'node'), texts('nginx', at(8080))]) {
      expect(found).toHaveLength(1);
      expect(found[0]).toContain('proxy_set_header Connection "";');
    }
  });

  it('is told both, each with its directive, where nobody knows', () => {
    const first = (port: number) =>
      texts('nginx', at(port)).map((text) => /^Where nginx has (\w+)/.exec(text)?.[1]);
    expect(first(9000)).toEqual(['fastcgi_pass', 'proxy_pass']);
    expect(first(7777)).toEqual(['proxy_pass', 'fastcgi_pass']);
  });

  it('names its upstream like the address, since that becomes the Host', () => {
    expect(texts('nginx', at(8080))[0]).toContain('proxy_pass http://10.0.0.9;');
    expect(texts('nginx', at(8443, '2001:db8::1'))[0]).toContain(
      'upstream [2001:db8::1] {\n    server [2001:db8::1]:8443;',
    );
  });
});

describe('a client', () => {
  it.each<[string, number, RegExp[]]>([
    ['php-fpm8.2', 3306, [/'p:10\.0\.0\.9'/, /ATTR_PERSISTENT/]],
    ['php-fpm8.2', 5432, [/pgsql:host=10\.0\.0\.9;port=5432.*ATTR_PERSISTENT/]],
    ['php-fpm8.2', 6379, [/pconnect\('10\.0\.0\.9', 6379\)/]],
    ['php-fpm8.2', 11_211, [/new Memcached\('kept'\)/]],
    ['node', 5432, [/new pg\.Pool\(\{ host: '10\.0\.0\.9', port: 5432/]],
    ['python3', 5432, [/ConnectionPool\('host=10\.0\.0\.9 port=5432'/]],
    ['wget', 80, [/wget -q -O \/dev\/null -i urls\.txt/]],
    ['ruby', 5432, [/pool:/]],
    ['redis-cli', 6379, [/^One process per command .*redis-cli -h 10\.0\.0\.9 -p 6379 < commands\.txt$/s]],
    ['redis-benchmark', 6379, [/Leave out -k 0/]],
  ])('%s of port %i is told its own way', (name, port, patterns) => {
    const found = texts(name, at(port));
    expect(found).toHaveLength(patterns.length);
    for (const [i, pattern] of patterns.entries()) expect(found[i]).toMatch(pattern);
  });

  it('of a database that its runtime has no fix for is not told about HTTP', () => {
    expect(texts('ruby', at(27_017)).join()).not.toMatch(/Net::HTTP/);
    expect(texts('a.out', at(5432)).join()).toContain('* = host=10.0.0.9 port=5432');
  });

  it.each([
    ['python3', 6379, 'Redis'],
    ['node', 5432, 'PostgreSQL'],
    ['a.out', 3306, 'MySQL'],
  ])('%s is told that port %i is but usual for %s, unless its server is known', (name, port, service) => {
    const guess = `The lines are for ${service}, for which port ${port} is usual; of any other service keep the client in the same way.`;
    expect(texts(name, at(port))[0]).toContain(guess);
    expect(texts(name, at(port), 'python3')[0]).toContain(guess);
    const server = { Redis: 'redis-server', PostgreSQL: 'postgres', MySQL: 'mariadbd' }[service];
    expect(texts(name, at(port), server)[0]).not.toContain('is usual');
  });

  it.each([
    ['python3', 'redis-server', 'redis.Redis('],
    ['node', 'postgres', 'new pg.Pool('],
    ['php-fpm8.2', 'valkey-server', 'pconnect('],
    ['php-fpm8.2', 'mariadbd', 'PDO'],
  ])('%s is told what %s speaks, on whatever port that listens', (name, server, code) => {
    const peered = { ...at(8080), peer: { process: named(server) } };
    /* Several workers have their name alone in common. */
    const unnamed = { comm: null, exe: null, cmdline: null };
    const workers = { ...at(8080), peer: { process: proc({ pid: null, name: server, ...unnamed }) } };
    for (const found of [texts(name, at(8080), server), texts(name, peered), texts(name, workers)]) {
      expect(found.join()).toContain(code);
      expect(found.join()).not.toContain('is usual');
    }
    const other = { ...at(6379), peer: { process: named('node') } };
    expect(texts('python3', other).join()).toContain('is usual');
  });

  it('whose fix is the same whatever it speaks is told of no service', () => {
    for (const name of ['curl', 'haproxy', 'redis-benchmark', 'redis-cli', 'nginx'])
      expect(texts(name, at(6379)).join()).not.toContain('is usual');
    expect(texts('node', at(8080)).join()).not.toContain('is usual');
  });

  it('that speaks TLS is told https', () => {
    expect(texts('node', at(443))[0]).toContain("import https from 'node:https'");
  });

  it('of HttpURLConnection is told what keeps its connection, and pgbench to name its database', () => {
    expect(texts('java', at(8080)).join()).toContain('leave out disconnect() and “Connection: close”');
    expect(texts('pgbench', at(5432)).join()).toContain('-p 5432 -c 10 -T 60 DATABASE ');
  });

  it('in a shell is told to leave the option out, not to write C', () => {
    for (const name of ['curl', 'wget']) {
      const { text, snippet } = lateBindFix(named(name), at(80), FACTS);
      expect(text).toMatch(/Leave --(interface|bind-address)/);
      expect(snippet).not.toContain('setsockopt');
    }
  });
});

describe('every runtime and protocol', () => {
  const runs = (runtime: Runtime) => ({ ...FACTS, runtimeOf: () => runtime });
  const ports = [80, 5432, 3306, 1521, 6379, 11_211];
  it.each(RUNTIMES)('%s has a fix that holds nothing a process chose', (runtime) => {
    const hostile = proc({
      pid: 4242,
      comm: '$(reboot)',
      exe: '/tmp/`reboot`',
      cmdline: '$(reboot) "; reboot',
    });
    for (const to of [...ports.map((port) => at(port)), at(null, null)]) {
      const fixes = [
        ...reuseFixes(hostile, to, runs(runtime)),
        lateBindFix(hostile, to, runs(runtime)),
        ...findLine(hostile, to, runs(runtime)),
      ];
      expect(fixes.length).toBeGreaterThan(1);
      expect(JSON.stringify(fixes)).not.toContain('reboot');
      for (const { snippet } of fixes) expect(snippet).not.toMatch(/[\t\r]|undefined|NaN/);
    }
  });

  it('tells databases and caches apart by their ports', () => {
    expect(ports.map((port) => protocolOf(at(port)))).toEqual([
      ...['http', 'postgres', 'mysql', 'database', 'redis', 'memcached'],
    ]);
  });
});

describe('how to find the line', () => {
  it('asks the process itself where it lives, and says so where it does not', () => {
    const snippet = (parts: object) => findLine({ ...named('java'), ...parts }, at(8080), FACTS)[0]?.snippet;
    expect(snippet({})).toMatch(/^jcmd 4242 JFR\.start .*\n[\s\S]*port = 8080\$/);
    expect(snippet({ exited: true })).toMatch(/^jcmd PID /);
  });

  it('counts what a driver in C connects, where the port says which', () => {
    expect(findLine(named('python3'), at(5432), FACTS)[0]?.snippet).toContain("('psycopg', 'psycopg2', )");
    expect(findLine(named('python3'), at(8080), FACTS)[0]?.snippet).not.toContain('psycopg');
  });

  it('keeps what a variable has, and puts no current directory on a path that was empty', () => {
    const exported = (runtime: string) =>
      findLine(named(runtime), at(8080), FACTS)[0]?.snippet?.match(/^export .*$/m)?.[0] ?? '';
    const valueIn = (line: string, env: Record<string, string>) =>
      execFileSync('sh', ['-c', `dir=/d; ${line}; env`], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, ...env },
      });
    for (const [runtime, variable, gap] of [
      ['python3', 'PYTHONPATH', ':'],
      ['node', 'NODE_OPTIONS', ' '],
      ['ruby', 'RUBYOPT', ' '],
    ] as const) {
      const line = exported(runtime);
      expect(valueIn(line, {})).toMatch(new RegExp(`^${variable}=.*[^:\\s]$`, 'm'));
      expect(valueIn(line, { [variable]: 'mine' })).toMatch(new RegExp(`^${variable}=.*${gap}mine$`, 'm'));
    }
  });

  it('is not said where there is no such way', () => {
    expect(findLine(named('curl'), at(80), FACTS)).toEqual([]);
    expect(findLine(named('node'), at(null), FACTS)).toEqual([]);
  });
});
