/** What of a Debian package is made of other texts: manual pages of the command line, the service of the unit, the maintainer's scripts. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exitCodes, pagesOf, roff } from '../../../scripts/package/deb/manual.js';
import { checksumsOf, kibibytesOf } from '../../../scripts/package/deb/tree.js';
import { serviceOf } from '../../../scripts/package/deb/unit.js';
import { buildProgram } from '../../../src/cli/program.js';
import { flagName } from '../../../src/config/names.js';
import { COMMANDS, type CommandSpec } from '../../../src/config/options.js';
import { testScope } from '../../support/scope.js';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('manual pages', () => {
  const nobody = {} as never;
  const program = buildProgram(nobody, nobody, () => undefined);
  const pages = pagesOf(program, read('docs/cli.md'), { version: '1.2.3', time: new Date(0) });

  it('there is one for the program and one for each command', () => {
    const names = Object.keys(COMMANDS).map((name) => `portchurn-${name}`);
    expect([...pages.keys()]).toEqual(['portchurn', ...names]);
  });

  it.each(Object.entries<CommandSpec>(COMMANDS))(
    '%s: each option stands there with what --help says',
    (name, command) => {
      const page = pages.get(`portchurn-${name}`) ?? '';
      expect(page).toContain(`.SH NAME\n${roff(`portchurn-${name}`)} \\- ${roff(command.summary)}\n`);
      for (const [key, { help, arg }] of Object.entries(command.options)) {
        const flag = roff(arg === undefined ? flagName(key) : `${flagName(key)} <${arg}>`);
        expect(page).toContain(`${flag}\\fR\n${roff(help)}`);
      }
    },
  );

  it('the program’s page has the commands, and the exit codes of docs/cli.md', () => {
    const page = pages.get('portchurn') ?? '';
    expect(page).toContain('.TP\n\\fBwhat\\-if\\fR\n');
    expect(exitCodes(read('docs/cli.md'))).toContainEqual(['77', 'a privilege is missing']);
    expect(page).toContain('.SH EXIT STATUS\n.TP\n\\fB0\\fR\n');
    expect(page).toContain('.TP\n\\fB77\\fR\na privilege is missing\n');
  });

  it('a page without exit codes is not made', () => {
    expect(() => exitCodes('# The command line\n')).toThrow('no table of exit codes');
  });

  it('text never becomes a command of roff', () => {
    expect(roff(".so /etc/passwd\n'br\na\\b -o –")).toBe("\\&.so /etc/passwd\n\\&'br\na\\eb \\-o \\[u2013]");
  });
});

describe('the service', () => {
  const original = read('deploy/systemd/portchurn.service');
  const { unit, configuration } = serviceOf(original);
  const settings = (text: string) => text.split('\n').filter((line) => /^[[A-Z]/.test(line));

  it('is the unit of deploy/systemd but for where its flags stand', () => {
    const changed = settings(unit).filter((line) => !settings(original).includes(line));
    expect(changed).toEqual(['ExecStart=/usr/bin/portchurn serve --config /etc/portchurn/portchurn.yaml']);
    expect(settings(unit)).toHaveLength(settings(original).length);
  });

  it('listens where that unit says', () => {
    const start = settings(original).find((line) => line.startsWith('ExecStart=')) ?? '';
    expect(parse(configuration)).toEqual({
      listen: [...start.matchAll(/--listen (\S+)/g)].map(([, at]) => at),
    });
  });

  it('a flag that the configuration cannot have yet is not lost in silence', () => {
    expect(() => serviceOf(original.replace(' serve ', ' serve --redact '))).toThrow(
      'other flags than --listen',
    );
  });
});

it('files are counted as dpkg counts them: kibibytes of each, a link and a folder are one', () => {
  const root = testScope().directory();
  mkdirSync(join(root, 'b'));
  writeFileSync(join(root, 'b/long'), Buffer.alloc(1025));
  writeFileSync(join(root, 'a'), 'x');
  symlinkSync('a', join(root, 'c'));
  expect(kibibytesOf(root)).toBe(1 + 2 + 1 + 1);
  expect(checksumsOf(root)).toBe(
    '9dd4e461268c8034f5c8564e155c67a6  a\n0ad4cf7b35f62b8ff9c73f481594fbdd  b/long\n',
  );
});
