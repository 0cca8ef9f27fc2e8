/** `portchurn completion SHELL`: nothing that the options and the filter have is missing from a script. The shells themselves: test/e2e. */
import { beforeAll, describe, expect, it } from 'vitest';
import { commandLine } from '../../../src/cli/command-line.js';
import { flagName } from '../../../src/config/names.js';
import { COMMANDS, type CommandSpec, type OptionSpec } from '../../../src/config/options.js';
import { GROUPS } from '../../../src/protocol/names.js';
import { STATE_NAMES } from '../../../src/protocol/rows.js';
import { FILTER_KEYS } from '../../../src/query/filter/keys.js';
import { BACKENDS } from '../../../src/service/backends.js';
import { Captured } from './io.js';

async function run(...argv: string[]) {
  const io = new Captured();
  const code = await commandLine(argv, io, BACKENDS);
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

const commands = Object.entries<CommandSpec>(COMMANDS);
const options = commands.flatMap(([command, spec]) =>
  Object.entries<OptionSpec>(spec.options).map(([key, option]) => [command, key, option] as const),
);

describe.each(COMMANDS.completion.argument.words)('the script of %s', (shell) => {
  let script: string;
  beforeAll(async () => {
    const { code, stdout, stderr } = await run('completion', shell);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    script = stdout;
  });

  /** The part of the script that is about one command; fish has a line per flag. */
  const partOf = (command: string) => {
    if (shell === 'fish') return script.split('\n').filter((line) => line.includes(`from ${command}'`));
    return [
      ...script.matchAll(new RegExp(`^ +'?${command}\\b[^\n]*\n?(?:^ +_arguments[^]*?;;)?`, 'gm')),
    ].flat();
  };

  it('has every option of every command', () => {
    for (const [command, key, { arg }] of options) {
      const flag = shell === 'fish' ? `-l ${flagName(key).slice(2)} ` : flagName(key);
      expect(partOf(command).join('\n'), `${command} ${arg}`).toContain(flag);
    }
  });

  it('has every key of a filter, every value of an enumeration, and what top can be sorted by', () => {
    const words = [
      ...FILTER_KEYS.keys(),
      ...STATE_NAMES,
      ...GROUPS,
      'ndjson',
      '-openPerSec',
      'lifetimeMs.p99',
    ];
    for (const word of words) expect(script).toContain(word);
  });

  it('ends in one line', () => expect(script).toMatch(/[^\n]\n$/));
});

it.each([
  [
    ['tcsh'],
    /'tcsh' is invalid for argument 'shell'\. Allowed choices are bash, zsh, fish\.\n {2}→ portchurn completion --help\n$/,
  ],
  [[], /missing required argument 'shell'/],
])('%j is wrong usage', async (words, message) => {
  const { code, stdout, stderr } = await run('completion', ...words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
