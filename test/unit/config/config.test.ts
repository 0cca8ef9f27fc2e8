import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authority, parseListen } from '../../../src/config/listen.js';
import { envName, fileKey, flagName, nearest } from '../../../src/config/names.js';
import { COMMANDS } from '../../../src/config/options.js';
import { resolve } from '../../../src/config/resolve.js';
import { serveConfig } from '../../../src/config/serve-config.js';
import { readToken } from '../../../src/config/token.js';
import { PortchurnError } from '../../../src/protocol/errors.js';
import { VERSION } from '../../../src/protocol/version.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portchurn-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.yaml`);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

function failure(act: () => unknown): PortchurnError {
  try {
    act();
  } catch (error) {
    if (error instanceof PortchurnError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('precedence', () => {
  const config = () => file('listen: 127.0.0.3:3\ninterval: 3000\nredact: true\nallow-host: [a, b]\n');

  it('takes a flag before a variable, a variable before the file, the file before the default', () => {
    const env = { PORTCHURN_LISTEN: '127.0.0.2:2', PORTCHURN_INTERVAL: '2000', PORTCHURN_CONFIG: config() };
    const values = resolve('serve', { listen: '127.0.0.1:1' }, env);
    expect(values).toMatchObject({
      listen: ['127.0.0.1:1'],
      interval: 2000,
      redact: true,
      noSyscalls: false,
    });
  });

  it('reads the file that the flag names, not the one of the variable', () => {
    const values = resolve(
      'serve',
      { config: file('interval: 500') },
      { PORTCHURN_CONFIG: '/does/not/exist' },
    );
    expect(values.interval).toBe(500);
  });

  it('gives each command its own defaults', () => {
    expect(resolve('serve', {}, {})).toMatchObject({
      listen: ['127.0.0.1:7790'],
      logLevel: 'info',
      filter: '',
    });
    expect(resolve('top', {}, {})).toMatchObject({ output: 'table', interval: 1000, logLevel: 'warn' });
    expect(resolve('trace', {}, {})).toMatchObject({ pid: [], raw: false });
    expect(resolve('top', {}, {}).duration).toBeUndefined();
  });

  it('lets one file serve several commands', () => {
    const path = file('output: csv\nlisten: 127.0.0.1:80\npid: [1]\n');
    expect(resolve('top', { config: path }, {}).output).toBe('csv');
    expect(resolve('serve', { config: path }, {}).listen).toEqual(['127.0.0.1:80']);
  });

  it('counts an empty variable as not set', () => {
    expect(resolve('serve', {}, { PORTCHURN_INTERVAL: '' }).interval).toBe(1000);
  });
});

describe('values', () => {
  it('are read from text as the schema wants them', () => {
    const env = {
      PORTCHURN_REDACT: 'yes',
      PORTCHURN_PID: '10, 20',
      PORTCHURN_NO_SYSCALLS: '1',
      PORTCHURN_DURATION: '2.5',
    };
    expect(resolve('serve', {}, env)).toMatchObject({ redact: true, noSyscalls: true });
    expect(resolve('trace', { pid: ['1', '2,3'] }, {}).pid).toEqual([1, 2, 3]);
    expect(resolve('trace', {}, env)).toMatchObject({ pid: [10, 20], duration: 2.5 });
  });

  it.each([
    [
      '--interval',
      () => resolve('serve', { interval: 'soon' }, {}),
      '"soon" is not a whole number from 100 to 60000',
    ],
    [
      'PORTCHURN_INTERVAL',
      () => resolve('serve', {}, { PORTCHURN_INTERVAL: '99' }),
      '"99" is not a whole number',
    ],
    ['--duration', () => resolve('top', { duration: '0' }, {}), '"0" is not a number above 0 to 86400'],
    ['--output', () => resolve('trace', { output: 'csv' }, {}), 'is not one of table, ndjson'],
    ['--pid', () => resolve('trace', { pid: ['0'] }, {}), '"0" is not a whole number from 1 to 4194304'],
    ['--pid', () => resolve('trace', { pid: ['7', '0x10'] }, {}), '"0x10" is not a whole number'],
    [
      '--listen',
      () => resolve('serve', { listen: ':80' }, {}),
      '":80" is not host:port, [v6]:port or unix:/PATH',
    ],
    [
      'PORTCHURN_LISTEN',
      () => resolve('serve', {}, { PORTCHURN_LISTEN: '127.0.0.1:1,unix:relative.sock' }),
      '"unix:relative.sock" is not host:port',
    ],
    ...['432', '0060', '1660', 'rw-rw----'].map((socketMode): [string, () => unknown, string] => [
      '--socket-mode',
      () => resolve('serve', { socketMode }, {}),
      `"${socketMode}" is not an octal mode such as 0660`,
    ]),
    ['--ring-bytes', () => resolve('serve', { ringBytes: '1000000' }, {}), 'a power of two'],
    [
      '--connect',
      () => resolve('top', { connect: 'ftp://x' }, {}),
      'is not a URL like http://127.0.0.1:7790',
    ],
    ['--sort', () => resolve('top', { sort: 'a b' }, {}), 'is not a field name'],
    [
      'PORTCHURN_REDACT',
      () => resolve('serve', {}, { PORTCHURN_REDACT: 'maybe' }),
      '"maybe" is not true or false',
    ],
  ])('%s that does not fit is refused with its origin', (origin, act, words) => {
    const error = failure(act);
    expect(error).toMatchObject({ code: 'USAGE', exitCode: 2 });
    expect(error.message).toContain(origin);
    expect(error.message).toContain(words);
  });
});

describe('a file', () => {
  const inFile = (text: string) => {
    const path = file(text);
    return { path, error: failure(() => resolve('serve', { config: path }, {})) };
  };

  it('with an unknown key is refused, with the key that was meant', () => {
    const { path, error } = inFile('intervall: 5');
    expect(error.message).toBe(`unknown key intervall in ${path}`);
    expect(error.hint).toBe('did you mean interval?');
  });

  it('with a key of a newer version is refused, with the version that does not know it', () => {
    const { path, error } = inFile('listen: 127.0.0.1:1\nof-the-future: 5');
    expect(error.message).toBe(`unknown key of-the-future in ${path}`);
    expect(error.hint).toContain(`this is ${VERSION}, a newer portchurn may know it`);
  });

  it('with a value that fits no command is refused, also a value of another command', () => {
    const { path, error } = inFile('limit: many');
    expect(error.message).toContain(`"limit" in ${path}: "many" is not`);
  });

  it.each([['- a'], ['just text'], ['a: [1'], ['a: *nowhere\n']])(
    'that is not keys and values is refused: %s',
    (text) => {
      expect(inFile(text).error.code).toBe('USAGE');
    },
  );

  it('cannot name another file', () => {
    expect(inFile('config: other.yaml').error.message).toContain('unknown key config');
  });

  it('that is not there is named', () => {
    const error = failure(() => resolve('serve', { config: '/no/such.yaml' }, {}));
    expect(error.message).toContain("'/no/such.yaml'");
  });

  it('may be empty', () => {
    expect(resolve('serve', { config: file('# nothing yet\n') }, {}).interval).toBe(1000);
  });
});

describe('the environment', () => {
  it('with an unknown variable is refused, with the name that was meant', () => {
    const error = failure(() => resolve('top', {}, { PORTCHURN_LISTN: 'x' }));
    expect(error.message).toBe('unknown environment variable PORTCHURN_LISTN');
    expect(error.hint).toBe('did you mean PORTCHURN_LISTEN?');
  });

  it('of a container beside a service named portchurn is not taken for options', () => {
    const env = {
      PORTCHURN_SERVICE_HOST: '10.0.0.1',
      PORTCHURN_PORT_7790_TCP: 'tcp://10.0.0.1:7790',
      PORTCHURN_PORT: 'x',
    };
    expect(resolve('serve', {}, env).listen).toEqual(['127.0.0.1:7790']);
  });
});

describe('names', () => {
  it('follow from one key', () => {
    expect([flagName('tokenFile'), envName('tokenFile'), fileKey('tokenFile')]).toEqual([
      '--token-file',
      'PORTCHURN_TOKEN_FILE',
      'token-file',
    ]);
  });

  it('are offered only when near', () => {
    expect(nearest('filtre', ['filter', 'listen'])).toBe('filter');
    expect(nearest('colour-scheme', ['filter', 'listen'])).toBeUndefined();
  });

  it('have defaults that their own schema accepts', () => {
    for (const name of ['serve', 'top', 'trace', 'doctor'] as const) {
      const options = Object.entries(COMMANDS[name].options as Record<string, { default?: unknown }>);
      const flags = options
        .filter(([, spec]) => spec.default !== undefined)
        .map(([key, spec]) => [key, spec.default]);
      expect(() => resolve(name, Object.fromEntries(flags), {})).not.toThrow();
    }
  });
});

describe('listen addresses', () => {
  it.each([
    ['127.0.0.1:7790', '127.0.0.1', 7790],
    ['[::1]:0', '::1', 0],
    ['localhost:65535', 'localhost', 65535],
  ])('%s is understood and written back', (text, host, port) => {
    expect(parseListen(text)).toEqual({ host, port });
    expect(authority({ host, port })).toBe(text);
  });

  it('a path behind unix: is understood', () => {
    expect(parseListen('unix:/run/portchurn/portchurn.sock')).toEqual({
      path: '/run/portchurn/portchurn.sock',
    });
  });

  it.each([
    [''],
    ['unix:'],
    ['unix:portchurn.sock'],
    ['unix:@abstract'],
    [`unix:/${'x'.repeat(107)}`],
    ['7790'],
    [':7790'],
    ['::1:7790'],
    ['[127.0.0.1]:80'],
    ['h:65536'],
    ['h:-1'],
    ['[::1]'],
    ['a b:1'],
    ['h:'],
  ])('"%s" is refused', (text) => expect(parseListen(text)).toBeNull());
});

describe('serveConfig', () => {
  it('has every address, and who may open the socket file', () => {
    const path = file('listen: [unix:/run/p.sock, 127.0.0.1:0]\nsocket-mode: 0600\nsocket-group: 4\n');
    expect(serveConfig(resolve('serve', { config: path }, {}))).toMatchObject({
      listen: [{ path: '/run/p.sock' }, { host: '127.0.0.1', port: 0 }],
      socket: { mode: 0o600, group: '4' },
    });
  });

  it('says what the service is to do', () => {
    const values = resolve('serve', { listen: '[::1]:80', noSyscalls: true, allowHost: ['pc.example'] }, {});
    expect(serveConfig(values)).toMatchObject({
      listen: [{ host: '::1', port: 80 }],
      socket: { mode: 0o660, group: null },
      tracer: { syscalls: false, portableVerdict: false, redact: false },
      allowHosts: ['pc.example'],
      tokenFile: null,
      intervalMs: 1000,
    });
  });

  it.each(['0.0.0.0:7790', '[::]:7790', '192.0.2.1:80', 'host.example:80'])(
    'refuses %s without a token file',
    (listen) => {
      const error = failure(() =>
        serveConfig(resolve('serve', { listen: ['127.0.0.1:1', 'unix:/s', listen] }, {})),
      );
      expect(error).toMatchObject({ code: 'USAGE', exitCode: 2 });
      expect(error.message).toBe(`listening on ${listen}, beyond loopback, needs a token`);
      expect(error.hint).toContain('--token-file');
      expect(serveConfig(resolve('serve', { listen, tokenFile: '/t' }, {})).tokenFile).toBe('/t');
    },
  );
});

describe('a token file', () => {
  it('holds one word', () => {
    expect(readToken(file('s3cret-of-sixteen\n'))).toBe('s3cret-of-sixteen');
  });

  it.each([0o600, 0o640, 0o440])('of mode %o is read: a group may', (mode) => {
    const path = file('s3cret-of-sixteen');
    chmodSync(path, mode);
    expect(readToken(path)).toBe('s3cret-of-sixteen');
  });

  it.each([0o644, 0o604])('of mode %o is refused: everybody on this machine can read it', (mode) => {
    const path = file('s3cret-of-sixteen');
    chmodSync(path, mode);
    const { message, hint } = failure(() => readToken(path));
    expect(message).toContain('can be read by every local user');
    expect(hint).toBe(`chmod o-rwx ${path}`);
  });

  it.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['fifteen--bytes-', 'holds 15 bytes, a token has at least 16'],
    ['two words', 'something other than'],
    ['gehe\u00efm', 'something other than'],
  ])('with %j is refused', (text, words) => {
    expect(failure(() => readToken(file(text))).message).toContain(words);
  });

  it('that is not there is named', () => {
    expect(failure(() => readToken('/no/token')).message).toContain("'/no/token'");
  });
});
