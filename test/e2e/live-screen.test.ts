/**
 * `portchurn top` in a real terminal, through a real incident: who it is, what it does right now, the fix copied and applied as it stands,
 * and told to have worked. Whatever ends it, the terminal is as it was.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { churnClient, churnServer } from '../support/churngen.js';
import { program } from '../support/misconfigured.js';
import { KEPT, Netns } from '../support/netns.js';
import { fileScope, testScope } from '../support/scope.js';
import { portchurn, type Service, serviceOf } from '../support/service.js';
import { Tmux } from './tmux.js';

const ADDRESS = '127.0.0.1';
const PORT = 9000;
const TO = `${ADDRESS}:${PORT}`;
const NARROW = { ...KEPT, 'net.ipv4.ip_local_port_range': '40000 40049' };
const LOAD_SECONDS = 400;

const scope = fileScope();
let netns: Netns;
let service: Service;
let culprit: number;

beforeAll(async () => {
  netns = Netns.create(scope, NARROW);
  service = await serviceOf(scope, netns);
  await churnServer(scope, netns, [TO], { seconds: LOAD_SECONDS });
  culprit = (await churnClient(scope, netns, { to: TO, close: 'client', rate: 40, seconds: LOAD_SECONDS }))
    .pid;
  const incidents = (await service.stream(scope)).subscribe('incidents', {});
  await incidents.until((rows) => rows.some(({ kind, failed }) => kind === 'ports' && failed > 5));
  await program(scope, netns, 'one-shot.py', ADDRESS, PORT);
});

const top = (...words: string[]) => portchurn('top', '--connect', service.url, ...words).join(' ');

/** A shell, and in it the live screen with the incident on it. */
async function live(width: number, height: number, env: Record<string, string> = {}) {
  const tmux = Tmux.open(testScope(), width, height, env);
  tmux.type(top());
  await tmux.shows(/OUT OF PORTS → 127\.0\.0\.1:9000/);
  return tmux;
}

const isSane = { alternate: false, cursor: true };

describe.each([
  [80, 24],
  [120, 40],
  [200, 60],
])('at %ix%i', (width, height) => {
  it('shows what, toward what, who, and how much fails; keys in a burst all count; a resize is followed', async () => {
    const tmux = await live(width, height);
    const screen = await tmux.shows(new RegExp(`churngen ${culprit} holds \\d+`));
    expect(screen).toMatch(/\d+\.\d\/s wanted, ports allow 0\.8\/s/);
    expect(screen).toMatch(/FIX /);
    expect(screen).toMatch(/FAIL\/s/);
    expect(screen.trimEnd().split('\n')).toHaveLength(height);
    tmux.press('j', 'j', 'j', 'k', 'k', 'k', 's', 's', 's');
    await tmux.shows(/sort fail\/s/);
    tmux.resize(width - 7, height - 3);
    await tmux.shows((text) => /OUT OF PORTS/.test(text) && text.trimEnd().split('\n').length === height - 3);
    tmux.press('q');
    await tmux.shows(/^\$$/m);
    expect(tmux.modes()).toEqual(isSane);
  });
});

it('a row in full has its process and its connections as they happen', async () => {
  const tmux = await live(80, 24);
  tmux.press('/');
  tmux.press('-l', `pid:${culprit}`);
  tmux.press('Enter');
  await tmux.shows(/▶ churngen/);
  tmux.press('Enter');
  await tmux.shows(/LIVE: connections of churngen[\s\S]*failed +→ 127\.0\.0\.1:9000 +no free local port/);
  expect(await tmux.shows(/parents /)).toMatch(/command +\S*churngen/);
  tmux.press('Escape');
  await tmux.shows(/WHO by process .* filter pid:/);
});

it('what-if goes by all connections toward the destination, whatever the tables show', async () => {
  const tmux = await live(80, 24);
  tmux.press('/');
  tmux.press('-l', 'process:nobody');
  tmux.press('Enter');
  await tmux.shows(/Nothing matches/);
  tmux.press('w', 'Right', 'Right', 'Right');
  // A rate is that of ten seconds: the load has gone on for less.
  await tmux.shows(
    /used again +‹ 80 % ›[\s\S]*now: +50 ports, 4\d\.\d asked for\/s: out of ports now[\s\S]*then: 50 ports, 8\.\d asked for\/s/,
  );
  tmux.press('c');
  await tmux.shows(/Sent to the clipboard/);
  expect(tmux.clipboard()).toBe(
    `portchurn what-if --reuse 80 --filter 'dst:127.0.0.1:9000 netns:${netns.inode}'`,
  );
});

it('a filter that is wrong is said, and the rows stay', async () => {
  const tmux = await live(80, 24);
  tmux.press('/');
  tmux.press('-l', 'nonsense:1');
  tmux.press('Enter');
  const screen = await tmux.shows(/BAD_FILTER: .*nonsense/);
  expect(screen).toMatch(/churngen/);
});

describe('whatever ends it', () => {
  it.each([
    ['SIGTERM', /^\$$/m],
    ['SIGHUP', /^\$$/m],
  ] as const)('%s leaves the terminal as it was', async (signal, prompt) => {
    const tmux = await live(80, 24);
    expect(tmux.modes()).toEqual({ alternate: true, cursor: false });
    process.kill(pidOf('top', service.url), signal);
    await tmux.shows(prompt);
    expect(tmux.modes()).toEqual(isSane);
    tmux.type('stty -a | grep -o " echo "; echo "[$?]"');
    await tmux.shows(/\[0\]/);
  });

  it('Ctrl-Z gives the terminal to the shell, fg takes it back', async () => {
    const tmux = await live(80, 24);
    tmux.press('C-z');
    await tmux.shows(/[Ss]topped/);
    expect(tmux.modes()).toEqual(isSane);
    tmux.type('fg');
    await tmux.shows(/●live/);
    expect(tmux.modes()).toEqual({ alternate: true, cursor: false });
    tmux.press('q');
    await tmux.shows(/^\$$/m);
  });
});

it('prints tables where it is asked for, or where the terminal can do no more', async () => {
  const tmux = Tmux.open(testScope(), 100, 30);
  tmux.type(top('--plain', '--duration', '2', '--interval', '500'));
  await tmux.shows(/PROCESS +DIR +DESTINATION/);
  expect(tmux.modes()).toEqual(isSane);
  await tmux.shows(/^\$$/m);
  tmux.type(`TERM=dumb ${top('--duration', '1')}`);
  await tmux.shows(/PROCESS +DIR +DESTINATION[\s\S]*^\$$/m);
});

it('without a service it traces by a process of its own, which ends with it', async () => {
  const tmux = Tmux.open(testScope(), 120, 40);
  tmux.type(portchurn('top', '--standalone', '--filter', `netns:${netns.inode}`).join(' '));
  /* Only events tell who fails. The ports themselves are of an unknown owner until what was there before the tracer has ended. */
  await tmux.shows(new RegExp(`^ *\\d.*/s churngen ${culprit} +${TO} +no free local port`, 'm'), 60_000);
  const child = pidOf('serve', 'portchurn-top-');
  const screen = pidOf('top', '--standalone');
  process.kill(screen, 'SIGKILL');
  await expect.poll(() => existsSync(`/proc/${child}`), { timeout: 20_000 }).toBe(false);
});

/** Last of all: nothing is out of ports after it. */
it('the fix is copied, applied as it stands, and told to have worked', async () => {
  const tmux = await live(120, 40);
  tmux.press('f');
  const screen = await tmux.shows(/DO NOW +Widen the port range/);
  const number = /DO NOW +Widen[\s\S]*?\[(\d)\]/.exec(screen)?.[1] ?? '';
  tmux.press(number);
  await tmux.shows(/Sent to the clipboard/);
  const command = tmux.clipboard();
  expect(command).toContain(`-inum ${netns.inode}`);
  execFileSync('sh', ['-c', command]);
  tmux.press('Escape');
  await tmux.shows(
    /Fix worked: \S+ → 0 failures\/s, \d+ s after .*ip_local_port_range 40000 40049 → 1024 65535/,
    60_000,
  );
});

/** The one process of this test run whose words have both. */
function pidOf(command: string, word: string): number {
  const found = execFileSync('pgrep', ['-f', `portchurn.js ${command} .*${word}`], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number)
    .filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('node'));
  expect(found).toHaveLength(1);
  return found[0] as number;
}
