/** Lines that fit: no word is broken, and a command that was parted is the same command to a shell. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { wrapped, wrappedCode, wrappedCommand, wrappedParts } from '../../../src/cli/screen/wrap.js';
import { closing } from '../../../src/diagnose/advice/closes.js';
import { lateBindFix, reuseFixes } from '../../../src/diagnose/fixes.js';
import { RUNTIMES } from '../../../src/diagnose/runtime.js';
import { FACTS } from '../diagnose/world.js';
import { proc } from '../publish/rows.js';

describe('prose', () => {
  it('goes on where its words began', () => {
    expect(wrapped('   one two three', 11)).toEqual(['   one two', '   three']);
    expect(wrapped('1. WARNING  one two', 16)).toEqual(['1. WARNING  one', '   two']);
  });

  it('leaves a word whole that is wider than the terminal', () => {
    expect(wrapped('  a bbbbbbbbbbbb c', 8)).toEqual(['  a', '  bbbbbbbbbbbb', '  c']);
  });

  it('has the width of what is shown, not of its characters', () => {
    expect(wrapped('端口 端口', 8)).toEqual(['端口', '端口']);
  });
});

describe('a command', () => {
  const ECHO = `printf '[%s]' `;
  it.each([
    'a "$(printf %s one two three four five)" b "c  d e" f\\ g',
    `'it is one word, however long it may be' "and $(printf '%s ' "so is this") one" end`,
    `one two "three (four) five" 'six "seven" eight' nine \\"ten`,
  ])('is the same to a shell, in however many lines: %s', (words) => {
    const whole = execFileSync('sh', ['-c', `${ECHO}${words}`], { encoding: 'utf8' });
    const lines = wrappedCommand(`${ECHO}${words}`, 24);
    expect(lines.length).toBeGreaterThan(2);
    expect(execFileSync('sh', ['-c', lines.join('\n')], { encoding: 'utf8' })).toBe(whole);
  });

  it('stays as it is where it fits', () => {
    expect(wrappedCommand('  $ sysctl -w a="b c"', 80)).toEqual(['  $ sysctl -w a="b c"']);
  });
});

describe('parts of a line', () => {
  it('go on below each other, each as it is', () => {
    expect(wrappedParts(['time', 'what  ', 'a b c', 'end'], '  ', '   ', 14)).toEqual([
      'time  what',
      '   a b c  end',
    ]);
    expect(wrappedParts(['time', 'a b c'], '  ', ' ', Number.POSITIVE_INFINITY)).toEqual(['time  a b c']);
  });

  it('are broken at a blank where one alone is too wide', () => {
    expect(wrappedParts(['time', 'aaaa bbbb'], '  ', '  ', 8)).toEqual(['time', '  aaaa', '  bbbb']);
  });
});

describe('code to be pasted', () => {
  const code = (lines: string[], language: string) => wrappedCode(lines, language, 20);

  it('has a comment behind a command before it, when a line has no room for both', () => {
    expect(code(['export A="b c"   # then start it anew'], 'shell')).toEqual([
      '# then start it anew',
      'export A="b c"',
    ]);
    expect(code(['ls x  # a'], 'shell')).toEqual(['ls x  # a']);
  });

  it('has comments that go on as comments', () => {
    const lines = ['    # one two three four five', '// one two three four', '; one two three four five'];
    expect(code(lines, 'nginx')).toEqual([
      ...[
        '    # one two three',
        '    # four five',
        '// one two three',
        '// four',
        '; one two three four',
        '; five',
      ],
    ]);
  });

  it('is parted in brackets, not in what is quoted there', () => {
    expect(code(["  const x = one('two, three', { a: 1, b }, [4, 5]);"], 'javascript')).toEqual([
      "  const x = one('two, three',",
      '      { a: 1, b },',
      '      [4, 5]);',
    ]);
    expect(code(['one, two, three, four, five'], 'python')).toEqual(['one, two, three, four, five']);
    expect(code(['keepalive_requests (1, 2, 3);'], 'nginx')).toEqual(['keepalive_requests (1, 2, 3);']);
    expect(code(['cp --recursive one two'], 'shell')).toEqual(['cp --recursive one \\', 'two']);
  });

  it('has its comment before it where there is no room behind it', () => {
    expect(code(['  stop(socket);   # one two three four'], 'ruby')).toEqual([
      ...['  # one two three', '  # four', '  stop(socket);'],
    ]);
    expect(code(['export NAME=value   # then start it'], 'shell')).toEqual([
      ...['# then start it', 'export NAME=value'],
    ]);
  });

  it('is the same to a shell, text that it hands on included', () => {
    const lines = [
      "cat <<'END'",
      'a line that is much longer than twenty columns',
      '# this is a comment of nobody',
      'END',
      "printf '%s ' words after the text, more than fit",
      "printf '%s ' 'quoted in two lines, of which the first is long",
      "and the second one is, too' and more words",
    ];
    const run = (script: readonly string[]) =>
      execFileSync('sh', ['-c', script.join('\n')], { encoding: 'utf8' });
    expect(code(lines, 'shell').length).toBeGreaterThan(lines.length);
    expect(run(code(lines, 'shell'))).toBe(run(lines));
  });
});

describe('what is printed to keep connections, and to choose ports late', () => {
  const PORTS = [80, 5432, 3306, 1521, 6379, 11_211];
  it.each(RUNTIMES)('of %s fits 80 columns', (runtime) => {
    const process = proc({ comm: 'x', exe: '/opt/x', cmdline: 'x' });
    const facts = { ...FACTS, runtimeOf: () => runtime };
    const fixes = PORTS.flatMap((port) => {
      const to = { address: '10.77.0.9', port };
      return [...reuseFixes(process, to, facts), lateBindFix(process, to, facts)];
    });
    const lines = [...fixes, closing(runtime)].flatMap(({ snippet, language }) =>
      wrappedCode((snippet ?? '').split('\n'), language, 80),
    );
    /* A name that is one word. */
    const isName = (line: string) => line.includes('type.googleapis.com/');
    expect(lines.filter((line) => line.length > 80 && !isName(line))).toEqual([]);
  });
});
