import { readFileSync } from 'node:fs';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { commandLine } from '../../../src/cli/command-line.js';
import { doctorText } from '../../../src/cli/commands/doctor.js';
import { eventLine } from '../../../src/cli/screen/event-line.js';
import { type Style, styleFor } from '../../../src/cli/screen/style.js';
import { UNICODE } from '../../../src/cli/screen/text.js';
import { envName, flagName } from '../../../src/config/names.js';
import { COMMANDS, type OptionSpec } from '../../../src/config/options.js';
import { commitOf } from '../../../src/protocol/version.js';
import { BACKENDS } from '../../../src/service/backends.js';
import { Captured } from './io.js';
import { connectionEvent, processInfo } from './rows.js';

async function run(...argv: string[]) {
  const io = new Captured();
  const code = await commandLine(argv, io, BACKENDS);
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

const wide: Style = { colors: pc.createColors(false), glyphs: UNICODE, width: Number.POSITIVE_INFINITY };
const optionsOf = (name: keyof typeof COMMANDS) => Object.entries<OptionSpec>(COMMANDS[name].options);

describe('the command line', () => {
  it('prints its version and commit', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    const commit = commitOf(new URL('../../../', import.meta.url));
    const text = commit === null ? version : `${version} (${commit})`;
    expect(await run('--version')).toEqual({ code: 0, stdout: `${text}\n`, stderr: '' });
  });

  it.each(Object.keys(COMMANDS) as (keyof typeof COMMANDS)[])(
    '%s --help lists every option of the schema',
    async (name) => {
      const { code, stdout, stderr } = await run(name, '--help');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const [key] of optionsOf(name)) expect(stdout).toContain(flagName(key));
    },
  );

  it('shows defaults in --help', async () => {
    const { stdout } = await run('serve', '--help');
    expect(stdout).toMatch(/--listen <ADDR>[^-]*\(default:\s+"127\.0\.0\.1:7790"\)/);
    expect(stdout).toMatch(/--interval <MS>[^-]*\(default:\s+1000\)/);
  });

  it('without a command shows help on stderr and fails as wrong usage', async () => {
    const { code, stdout, stderr } = await run();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: portchurn');
  });

  it.each([
    [['bogus'], "portchurn: unknown command 'bogus'\n  → portchurn --help\n"],
    [['tpo'], "portchurn: unknown command 'tpo'\n  → Did you mean top?\n"],
    [['top', '--onec'], "portchurn: unknown option '--onec'\n  → Did you mean --once?\n"],
    [
      ['top', 'surplus'],
      "portchurn: too many arguments for 'top'. Expected 0 arguments but got 1.\n  → portchurn top --help\n",
    ],
    [
      ['trace', '--pid', 'abc'],
      'portchurn: --pid: "abc" is not a whole number from 1 to 4194304\n  → pgrep -a NAME finds it\n',
    ],
    [['what-if', '--range', 'x'], 'portchurn: --range: "x" is not LOW-HIGH within 1-65535\n'],
    [['trace', '--pid'], "portchurn: option '--pid <P>' argument missing\n  → portchurn trace --help\n"],
    [['top', '--limit', 'x'], 'portchurn: --limit: "x" is not a whole number from 1 to 5000\n'],
    [
      ['top', '--standalone', '--connect', 'http://127.0.0.1:1'],
      'portchurn: --standalone and --connect exclude each other\n',
    ],
    [['doctor', '-o', 'xml'], 'portchurn: --output: "xml" is not one of text, json\n'],
  ])('%j is wrong usage', async (argv, words) => {
    expect(await run(...argv)).toEqual({ code: 2, stdout: '', stderr: words });
  });

  it('does not let an argument steer the terminal', async () => {
    const { stderr } = await run('top', '--\u001b[2J');
    expect(stderr).toContain('\\x1b[2J');
    expect(stderr).not.toContain('\u001b');
  });

  it('refuses to trace a process that does not exist', async () => {
    const { code, stderr } = await run('trace', '--pid', '4194304');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^portchurn: no process with pid 4194304\n {2}→ /);
  });

  it('fails with a hint when --connect finds nobody', async () => {
    const { code, stderr } = await run('top', '--once', '--connect', 'http://127.0.0.1:1');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^portchurn: no answer from a service at http:\/\/127\.0\.0\.1:1: .+\n {2}→ start one/,
    );
  });
});

describe('docs/cli.md', () => {
  const docs = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

  it('names every option of every command, and every variable', () => {
    for (const name of Object.keys(COMMANDS) as (keyof typeof COMMANDS)[]) {
      for (const [key] of optionsOf(name)) {
        expect(docs).toContain(`\`${flagName(key)}`);
        expect(docs).toContain(`\`${envName(key)}`);
      }
    }
  });

  it('says of each option which commands have it', () => {
    const names = (Object.keys(COMMANDS) as (keyof typeof COMMANDS)[]).filter(
      (name) => name !== 'completion',
    );
    const listOf = (text: string) => text.split(/, | and /);
    const namedBy = (text: string) => {
      if (text === 'all') return names;
      const others = /^all but (.*)$/.exec(text)?.[1];
      return others === undefined ? listOf(text) : names.filter((name) => !listOf(others).includes(name));
    };
    const rows = [...docs.matchAll(/^\| `--.*?\| `(PORTCHURN_\w+)` \| (.*?) \|/gm)];
    expect(rows.length).toBeGreaterThan(30);
    for (const [, variable = '', said = ''] of rows) {
      const having = names.filter((name) => optionsOf(name).some(([key]) => envName(key) === variable));
      expect(namedBy(said).toSorted(), variable).toEqual(having.toSorted());
    }
  });

  it('and the help say all that --redact hides', () => {
    const { help } = COMMANDS.serve.options.redact;
    expect(help).toMatch(/arguments.*tags of images.*names of addresses and ports/);
    expect(docs).toContain(`| ${help} (`);
  });
});

describe('style', () => {
  const terminal = (env: Record<string, string>) => new Captured(env, { columns: 120 });
  const wish = { color: undefined, ascii: false };

  it('colours on a terminal only, and not against NO_COLOR, unless told', () => {
    expect(styleFor(terminal({}), wish).colors.isColorSupported).toBe(true);
    expect(styleFor(terminal({ NO_COLOR: '1' }), wish).colors.isColorSupported).toBe(false);
    expect(styleFor(terminal({ NO_COLOR: '1' }), { ...wish, color: true }).colors.isColorSupported).toBe(
      true,
    );
    expect(styleFor(terminal({}), { ...wish, color: false }).colors.isColorSupported).toBe(false);
    expect(styleFor(new Captured(), wish).colors.isColorSupported).toBe(false);
  });

  it('fits a terminal, at least 80 columns, and leaves a pipe alone', () => {
    expect(styleFor(terminal({}), wish).width).toBe(120);
    expect(styleFor(new Captured({}, { columns: 20 }), wish).width).toBe(80);
    expect(styleFor(new Captured(), wish).width).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('an event line', () => {
  /** Without its time. */
  const line = (...parts: Parameters<typeof connectionEvent>) =>
    eventLine(connectionEvent(...parts), { ...wide, width: 200 }).slice(14);

  it('begins with the time of day on a terminal, and with date and zone where it is written to a file', () => {
    const event = connectionEvent({ time: new Date(2024, 1, 3, 4, 5, 6, 7).getTime() });
    expect(eventLine(event, { ...wide, width: 200 })).toMatch(/^04:05:06\.007 {2}closed /);
    expect(eventLine(event, wide)).toMatch(/^2024-02-03 04:05:06\.007 UTC[+-]\d\d:\d\d {2}closed /);
  });

  it('has who, where and what is particular to its type', () => {
    expect(line()).toBe(
      'closed          4242  curl                  out  10.0.0.1:40000 → 10.0.0.9:80  time-wait  lived 12 ms  sent 76 B  received 1.2 kB',
    );
    expect(line({ type: 'established' })).toBe(
      'established     4242  curl                  out  10.0.0.1:40000 → 10.0.0.9:80  in 0.3 ms',
    );
    expect(line({ type: 'failed', errno: 'ECONNREFUSED', cause: 'refused', durationMs: null })).toContain(
      '10.0.0.9:80  ECONNREFUSED: nobody listens there',
    );
    expect(line({ type: 'transition', oldState: 'syn-sent', newState: 'established' })).toContain(
      'syn-sent → established',
    );
  });

  it('says who closed when it was somebody else', () => {
    expect(line({ closer: processInfo({ pid: 9, comm: 'closer' }) })).toContain('closed by 9 closer');
    expect(line({ closer: processInfo() })).not.toContain('closed by');
  });

  it('of a listener has one address', () => {
    const listen = { type: 'listen' as const, direction: 'in' as const, connectMs: null };
    expect(line({ ...listen, remote: { address: null, port: null } })).toMatch(/in {3}10\.0\.0\.1:40000$/);
  });

  it('is one line, whatever the process is called', () => {
    const hostile = connectionEvent({ process: processInfo({ comm: 'a\n\u001b[1mb' }) });
    expect(eventLine(hostile, wide)).toContain('a\\x0a\\x1b[1mb');
  });
});

describe('the doctor', () => {
  it('prints status words, details and fixes', () => {
    const report = {
      ok: false,
      exitCode: 77 as const,
      kernel: '6.18.0',
      checks: [
        { id: 'btf', title: 'BTF', status: 'ok' as const, detail: 'present', fix: null },
        {
          id: 'caps',
          title: 'Capabilities',
          status: 'fail' as const,
          detail: 'CAP_BPF is missing',
          fix: 'sudo portchurn',
        },
      ],
    };
    expect(doctorText(report, wide)).toBe(
      '✓ ok    BTF: present\n' +
        '✗ fail  Capabilities: CAP_BPF is missing\n' +
        '          → sudo portchurn\n' +
        '\nThis machine cannot trace yet: 1 problem.',
    );
  });

  it('of this machine is text or JSON with the exit code of the report', async () => {
    const { code, stdout } = await run('doctor', '-o', 'json');
    const report = JSON.parse(stdout);
    expect(report.exitCode).toBe(code);
    expect(report.checks.length).toBeGreaterThan(5);
    expect((await run('doctor')).stdout).toMatch(/This machine can(not)? trace/);
  });
});
