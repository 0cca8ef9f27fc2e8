/**
 * `portchurn top` in a real terminal, through a real incident: who it is, what it does right now, the fix copied and applied as it stands,
 * and told to have worked. Whatever ends it, the terminal is as it was.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { json } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TotalsRow } from '../../src/protocol/rows.js';
import type { Health } from '../../src/protocol/source.js';
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

const AS_NOBODY = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', '--'];

const SIZES = [
  [80, 24],
  [120, 40],
  [200, 60],
] as const;

const isSane = { alternate: false, cursor: true };

describe.each(SIZES)('at %ix%i', (width, height) => {
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

it('what-if goes by all connections toward the destination, whatever the tables show', async () => {
  const tmux = await live(80, 24);
  tmux.press('/');
  tmux.press('-l', 'process:one-shot.py');
  tmux.press('Enter');
  await tmux.shows(/▶ one-shot\.py/);
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

  it('an exception leaves the terminal as it was, with its message', async () => {
    const throws = 'process.on(`SIGUSR2`,()=>{throw(Error(`boom`))})';
    const tmux = await live(80, 24, { NODE_OPTIONS: `--import=data:text/javascript,${throws}` });
    process.kill(pidOf('top', service.url), 'SIGUSR2');
    await tmux.shows(/Error: boom[\s\S]*^\$$/m);
    expect(tmux.modes()).toEqual(isSane);
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

describe('without a service', () => {
  it('it traces by a process of its own, which loses nothing while the terminal stands still, and ends with the screen', async () => {
    const tmux = Tmux.open(testScope(), 120, 40);
    tmux.type(portchurn('top', '--standalone', '--filter', `netns:${netns.inode}`).join(' '));
    /* Only events tell who fails. The ports themselves are of an unknown owner until what was there before the tracer has ended. */
    await tmux.shows(new RegExp(`^ *\\d.*/s churngen ${culprit} +${TO} .*no free local port`, 'm'), 60_000);
    const child = pidOf('serve', 'portchurn-top-');
    const screen = pidOf('top', '--standalone');
    await standStill(tmux, screen, socketOf(child));
    const since = Date.now();
    await tmux.shows((text) => clockOf(text) >= since - 1000);
    expect(memoryOf(screen)).toBeLessThan(110e6);
    expect(lostOf(await asked<Health>(socketOf(child), '/healthz'))).toEqual({ ring: 0, storage: 0 });
    process.kill(screen, 'SIGKILL');
    await expect.poll(() => existsSync(`/proc/${child}`), { timeout: 20_000 }).toBe(false);
  });

  it('SIGTERM ends both, and the terminal is as it was', async () => {
    const tmux = Tmux.open(testScope(), 80, 24);
    tmux.type(portchurn('top', '--standalone').join(' '));
    await tmux.shows(/●live/, 60_000);
    const child = pidOf('serve', 'portchurn-top-');
    process.kill(pidOf('top', '--standalone'), 'SIGTERM');
    await tmux.shows(/^\$$/m);
    expect(tmux.modes()).toEqual(isSane);
    await expect.poll(() => existsSync(`/proc/${child}`), { timeout: 20_000 }).toBe(false);
  });

  it('what its tracer says is said, where that cannot start and where it ends, on a terminal that is as it was', async () => {
    const tmux = Tmux.open(testScope(), 100, 30);
    tmux.type([...AS_NOBODY, ...portchurn('top', '--standalone')].join(' '));
    await tmux.shows(/portchurn: the tracer of this screen: \S[\s\S]*^\$$/m, 60_000);
    expect(tmux.modes()).toEqual(isSane);
    tmux.type(`clear; ${portchurn('top', '--standalone').join(' ')}`);
    await tmux.shows(/●live/, 60_000);
    process.kill(pidOf('serve', 'portchurn-top-'), 'SIGKILL');
    await tmux.shows(/portchurn: the tracer of this screen: it ended \(SIGKILL\)[\s\S]*^\$$/m);
    expect(tmux.modes()).toEqual(isSane);
  });
});

/** Last of all: nothing is out of ports after it. */
it('at each size: who it is, its connections, the fix to copy; applied as it stands it is told to have worked', async () => {
  const tmux = await live(80, 24);
  tmux.press('/');
  tmux.press('-l', `pid:${culprit}`);
  tmux.press('Enter');
  const commands = new Set<string>();
  for (const [width, height] of SIZES) {
    tmux.resize(width, height);
    await whoAndTrace(tmux, width);
    commands.add(await fixOf(tmux));
  }
  const [command = ''] = commands;
  expect(commands.size).toBe(1);
  expect(command).toContain(`-inum ${netns.inode}`);
  execFileSync('sh', ['-c', command]);
  for (const [width, height] of SIZES) {
    tmux.resize(width, height);
    await tmux.shows(
      (text) => WORKED.test(text.replace(/\s+/g, ' ')) && text.trimEnd().split('\n').length === height,
      60_000,
    );
  }
});

const WORKED = /Fix worked: \S+ → 0 failures\/s, \d+ s after .*ip_local_port_range 40000 40049 → 1024 65535/;
const FAILS = 'LIVE: connections of churngen[\\s\\S]*failed +→ 127\\.0\\.0\\.1:9000 +no free local port';

/** The culprit under the cursor, then in full with its connections; where there is room they are beside its ports already. */
async function whoAndTrace(tmux: Tmux, width: number): Promise<void> {
  const beside = [new RegExp(`PORT MAP → ${TO}`), new RegExp(FAILS), /^40000 [^·]/m];
  const all = [/OUT OF PORTS[\s\S]*▶ churngen/, ...(width < 120 ? [] : beside)];
  await tmux.shows((text) => all.every((pattern) => pattern.test(text)));
  tmux.press('Enter');
  const screen = await tmux.shows(new RegExp(`parents [\\s\\S]*${FAILS}`));
  expect(screen).toMatch(/command +\S*churngen/);
  tmux.press('Escape');
  await tmux.shows(/WHO by process .* filter pid:/);
}

/** The command that widens the range, through the clipboard. */
async function fixOf(tmux: Tmux): Promise<string> {
  tmux.press('f');
  const screen = await scrolledTo(tmux, /DO NOW +Widen the port range[\s\S]*?\[\d\]/);
  const number = /DO NOW +Widen[\s\S]*?\[(\d)\]/.exec(screen)?.[1] ?? '';
  tmux.press(number);
  await tmux.shows(/Sent to the clipboard/);
  tmux.press('Escape');
  await tmux.shows(/WHO by process/);
  return tmux.clipboard();
}

/** What is longer than the screen goes on below it, page by page. */
async function scrolledTo(tmux: Tmux, pattern: RegExp): Promise<string> {
  for (let screen = await tmux.shows(/─ WHAT TO DO ─/); ; ) {
    if (pattern.test(screen)) return screen;
    const [more = ''] = /\d+ lines? more: PgDn/.exec(screen) ?? [];
    expect(more, screen).not.toBe('');
    tmux.press('PageDown');
    screen = await tmux.shows((text) => !text.includes(more));
  }
}

/** A whole screen has more bytes; what goes to the service and between the program's own threads has less. */
const UNDRAWN = 1000;

/** Nobody reads from the terminal until the screen has written all that it can, and its tracer has counted some hundred calls more. */
async function standStill(tmux: Tmux, screen: number, socket: string): Promise<void> {
  const reader = tmux.pid;
  const before = await failedAt(socket);
  process.kill(reader, 'SIGSTOP');
  try {
    let written = Number.NEGATIVE_INFINITY;
    await expect
      .poll(
        async () => {
          const last = written;
          written = writtenBy(screen);
          // It draws the whole screen anew, were there room for it.
          process.kill(screen, 'SIGCONT');
          return { draws: written - last > UNDRAWN, counts: (await failedAt(socket)) > before + 100 };
        },
        { timeout: 60_000, interval: 500 },
      )
      .toEqual({ draws: false, counts: true });
  } finally {
    process.kill(reader, 'SIGCONT');
  }
}

async function failedAt(socket: string): Promise<number> {
  const path = `/api/v1/snapshot?topic=totals&filter=netns:${netns.inode}`;
  const { topics } = await asked<{ topics: { totals: { rows: TotalsRow[] } } }>(socket, path);
  return topics.totals.rows[0]?.failed ?? 0;
}

function asked<T>(socketPath: string, path: string): Promise<T> {
  return new Promise((done, fail) => {
    get({ socketPath, path, agent: false }, async (answer) => done((await json(answer)) as T)).on(
      'error',
      fail,
    );
  });
}

const socketOf = (child: number) =>
  /unix:(\S+?)\0/.exec(readFileSync(`/proc/${child}/cmdline`, 'utf8'))?.[1] ?? '';

const lostOf = ({ lost: { ring, storage } }: Health) => ({ ring, storage });

/** Bytes that it has written to whatever. */
const writtenBy = (pid: number) => Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);

const memoryOf = (pid: number) =>
  1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** Unix ms of the time of day that the screen shows, which is less than half a day ago. */
function clockOf(screen: string): number {
  const [, hours, minutes, seconds] = /live (\d\d):(\d\d):(\d\d)/.exec(screen) ?? [];
  const shown = new Date().setHours(Number(hours), Number(minutes), Number(seconds), 0);
  return shown > Date.now() + 43_200_000 ? shown - 86_400_000 : shown;
}

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
