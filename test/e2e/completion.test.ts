/** The scripts of `portchurn completion`, asked by the shells themselves; zsh at a terminal, since it completes nowhere else. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { fileScope, testScope } from '../support/scope.js';
import { portchurn } from '../support/service.js';
import { Tmux } from './tmux.js';

const scope = fileScope();
let folder: string;
const script = (shell: string) => `${folder}/${shell}`;

beforeAll(() => {
  folder = scope.directory();
  for (const shell of ['bash', 'zsh', 'fish']) {
    const [node = '', ...words] = portchurn('completion', shell);
    writeFileSync(script(shell), execFileSync(node, words));
  }
});

/** What stands before the cursor, and what is offered there. */
const LINES: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['portchurn tr', ['trace']],
  ['portchurn completion ', ['bash', 'fish', 'zsh']],
  ['portchurn top --gro', ['--group']],
  ['portchurn top --group ', ['container', 'destination', 'netns', 'pod', 'program', 'unit', 'workload']],
  ['portchurn top -o nd', ['ndjson']],
  ['portchurn why -o ', ['json', 'text']],
  ['portchurn serve --log-level ', ['debug', 'error', 'info', 'silent', 'trace', 'warn']],
  ['portchurn why --netns pct', ['pct-a', 'pct-b']],
];

/** In a mount namespace with these two names of network namespaces, and one that would run a command. */
const namespaces = (...command: string[]) =>
  execFileSync(
    'unshare',
    [
      '--mount',
      'sh',
      '-c',
      `mount -t tmpfs none /run && mkdir /run/netns && cd /run/netns && touch pct-a pct-b 'pwn$(touch pwned)' && "$@" && test ! -e pwned`,
      'sh',
      ...command,
    ],
    { encoding: 'utf8' },
  );

describe('bash', () => {
  const ASK = `
    source "$1"; shift
    for line; do COMP_LINE=$line COMP_POINT=\${#line}; _portchurn portchurn; (IFS=$'\\t'; echo "\${COMPREPLY[*]}"); done`;
  const ask = (...lines: string[]) =>
    namespaces('bash', '-u', '-c', ASK, 'bash', script('bash'), ...lines)
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));

  it('offers commands, flags and values', () => {
    const offered = ask(...LINES.map(([line]) => line));
    for (const [at, [line, words]] of LINES.entries())
      expect(offered[at]?.filter((word) => !/^-(h|-help)$/.test(word)).sort(), line).toEqual(words);
  });

  it.each([
    ['portchurn top --sort -openP', '-openPerSec'],
    ['portchurn top --sort=-openP', '-openPerSec'],
    ['portchurn top --filter state:est', 'established'],
    ['portchurn top --filter=state:est', 'established'],
    ["portchurn top --filter 'dst:10.0.0.9 !state:est", 'dst:10.0.0.9 !state:established'],
    ['portchurn top --filter proce', 'process:'],
    ['portchurn top --filter \\!proce', '\\!process:'],
    ['portchurn top --filter netns:pct-a', 'pct-a'],
    ['portchurn top --connect unix:/', '/run/portchurn/portchurn.sock'],
    ['/usr/bin/env portchurn top --onc', '--once'],
    ['portchurn why --netns pwn', 'pwn\\$\\(touch\\ pwned\\)'],
  ])('%s', (line, word) => expect(ask(line)).toEqual([[word]]));
});

describe('fish', () => {
  const ask = (line: string) =>
    namespaces('fish', '--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', script('fish'), line)
      .trimEnd()
      .split('\n')
      .map((found) => found.split('\t')[0] ?? '');

  it.each<(typeof LINES)[number]>([
    ...LINES,
    ['portchurn top --filter proce', ['process:']],
    ['portchurn top --sort=-op', ['--sort=-opened', '--sort=-openPerSec']],
    ['portchurn top --filter=state:est', ['--filter=state:established']],
    ["portchurn top --filter 'dst:10.0.0.9 !state:est", ['dst:10.0.0.9 !state:established']],
  ])('%s', (line, words) => expect(ask(line)).toEqual(words));
});

it('zsh completes them where one presses Tab', async () => {
  const tmux = Tmux.open(testScope(), 100, 30);
  tmux.type('exec zsh -f');
  tmux.type(`autoload -Uz compinit; compinit -D -u; source ${script('zsh')}; PS1='ready> '; clear`);
  await tmux.shows(/^ready> *$/m);
  for (const [line, completed] of [
    ['portchurn tr', 'portchurn trace'],
    ['portchurn completion b', 'portchurn completion bash'],
    ['portchurn top --gro', 'portchurn top --group='],
    ['portchurn top --group uni', 'portchurn top --group unit'],
    ['portchurn top --sort -openP', 'portchurn top --sort -openPerSec'],
    ['portchurn top --filter proce', 'portchurn top --filter process:'],
    [
      "portchurn top --filter 'dst:10.0.0.9 !state:est",
      "portchurn top --filter 'dst:10.0.0.9 !state:established'",
    ],
    ['portchurn why --netns ho', 'portchurn why --netns host'],
  ] as const) {
    tmux.press('C-u');
    tmux.press('-l', line);
    tmux.press('Tab');
    await tmux.shows((screen) => screen.split('\n').includes(`ready> ${completed}`));
  }
});
