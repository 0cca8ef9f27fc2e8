/**
 * What programs are called: the scripts of one interpreter are programs of their own, also those that have ended before anybody
 * looks, and where arguments are hidden.
 */
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { DEAD_PER_PROGRAM } from '../../src/aggregate/ingest/dead-processes.js';
import type { FlowRow } from '../../src/protocol/rows.js';
import { binary } from '../support/churngen.js';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { fileScope } from '../support/scope.js';
import { cli, type Service, serviceOf } from '../support/service.js';

/** More than keep rows of their own. */
const RUNS = DEAD_PER_PROGRAM + 2;
/** Connections of each run. */
const EACH = { 'checkout-importer.py': 2, 'analytics.py': 1 };
type Script = keyof typeof EACH;
const SCRIPTS = Object.keys(EACH) as Script[];

/**
 * Each process that connects is a child of the shell, to which it falls as its own parent ends; starting an interpreter for each
 * would take minutes. It ends with its last connection: nobody reads its command line any more.
 */
const CODE = (count: number) => `import os, socket, time
running, runs = os.pipe()
ended, lives = os.pipe()
shell = os.getppid()
if os.fork() == 0:
    for _ in range(${RUNS}):
        if os.fork() > 0: continue
        os.close(lives)
        os.read(ended, 1)
        while os.getppid() != shell: time.sleep(0.01)
        for _ in range(${count}): socket.create_connection(("127.0.0.1", 9000)).close()
        os._exit(0)
    os._exit(0)
os.close(runs)
os.close(lives)
os.wait()
os.read(running, 1)
`;
/**
 * What the kernel has no room for stands between. Which script the shell runs is read from /proc, a moment after its first child has
 * failed to connect: the others begin when it is known, and the shell stays.
 */
const JOBS = `python3 -ISc 'import socket; socket.socket().connect_ex(("127.0.0.1", 9))'
read -r
for script; do python3 -IS "$script" "$(printf %2000s x)" last-word & done
wait; echo all ended; read -r\n`;
/** Whose orphans become its own children (prctl(2), PR_SET_CHILD_SUBREAPER). */
const SHELL = `import ctypes, os, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
os.execvp("bash", ["bash", *sys.argv[1:]])`;

/** Connections of the scripts. */
const OURS = 'dir:out port:9000';

const scope = fileScope();
type Services = { plain: Service; redacted: Service; netns: Netns };
let services: Services;

beforeAll(async () => {
  services = await play();
  await Promise.all([services.plain, services.redacted].map(allOpened));
});

async function play(): Promise<Services> {
  const netns = Netns.create(scope);
  const [plain, redacted] = await Promise.all(
    [[], ['--redact']].map((flags) => serviceOf(scope, netns, '--interval', '200', ...flags)),
  );
  const directory = scope.directory();
  const file = (name: string) => join(directory, name);
  symlinkSync(binary(), file('ledger'));
  const server = await start(scope, [file('ledger'), 'server', '--listen', '127.0.0.1:9000'], { netns });
  await server.printed(/ready/);
  for (const script of SCRIPTS) writeFileSync(file(script), CODE(EACH[script]));
  writeFileSync(file('jobs.sh'), JOBS);
  const shell = await start(scope, ['python3', '-c', SHELL, file('jobs.sh'), ...SCRIPTS.map(file)], {
    netns,
  });
  const both = [plain as Service, redacted as Service];
  await Promise.all(both.map(shellKnown));
  shell.write('go\n');
  await shell.printed(/all ended/);
  return { plain: plain as Service, redacted: redacted as Service, netns };
}

async function shellKnown(service: Service): Promise<void> {
  const first = (await service.stream(scope)).subscribe('flows', { filter: 'dir:out port:9' });
  await first.until((rows) => rows.some(({ program }) => /\((jobs\.sh|bash #\d+)\)$/.test(program ?? '')));
}

const sum = (rows: readonly FlowRow[]) => rows.reduce((total, { opened }) => total + (opened ?? 0), 0);
const ALL = RUNS * (EACH['checkout-importer.py'] + EACH['analytics.py']);

async function allOpened(service: Service): Promise<void> {
  const out = (await service.stream(scope)).subscribe('flows', { filter: OURS, limit: 5000 });
  const isWhole = (rows: readonly FlowRow[]) => rows.length === SCRIPTS.length * (DEAD_PER_PROGRAM + 1);
  await out.until((rows) => sum(rows) >= ALL && isWhole(rows));
}

/** Opened connections and rows of each name, and what else their rows agree in. */
async function reported(service: Service) {
  const rows = await service.flows({ filter: OURS, limit: 5000 });
  const names = [...new Set(rows.map(({ process }) => process.name))].sort();
  return names.map((name) => {
    const own = rows.filter(({ process }) => process.name === name);
    const programs = new Set(own.map(({ program }) => program));
    const ended = own.filter(({ process }) => process.pid === null);
    return { name, programs: [...programs], opened: sum(own), rows: own.length, rolledUp: ended.length };
  });
}

const counts = (name: string, program: string, script: Script) => ({
  name,
  programs: [program],
  opened: RUNS * EACH[script],
  rows: DEAD_PER_PROGRAM + 1,
  rolledUp: 1,
});

it('dead processes of two scripts of one interpreter are two programs, with exact counts', async () => {
  expect(await reported(services.plain)).toEqual([
    counts('analytics.py', 'analytics.py (jobs.sh)', 'analytics.py'),
    counts('checkout-importer.py', 'checkout-importer.py (jobs.sh)', 'checkout-importer.py'),
  ]);
  const [group, ...others] = await services.plain.flows({ filter: 'program:analytics.py', group: 'program' });
  expect(others).toEqual([]);
  expect(group).toMatchObject({ opened: RUNS * EACH['analytics.py'], process: { interpreter: 'python3' } });
});

it('a command line that is longer than what the kernel keeps has both its ends', async () => {
  const rows = await services.plain.flows({ filter: `${OURS} pid:>0`, limit: 5000 });
  expect(rows).toHaveLength(2 * DEAD_PER_PROGRAM);
  for (const { process } of rows) {
    expect(process).toMatchObject({ exited: true, script: expect.stringMatching(/^\/.*\.py$/) });
    expect(process.cmdline).toMatch(/^python3 -IS \/\S+\.py .*…? .*last-word$/s);
  }
});

it('a program that is called by a link has the name of the link', async () => {
  const [server] = await services.plain.flows({ filter: 'dir:in' });
  expect(server?.process).toMatchObject({ name: 'ledger', exe: expect.stringMatching(/\/churngen$/) });
});

it('every surface calls them by the same name', async () => {
  const metrics = await (await fetch(`${services.plain.url}metrics`)).text();
  const top = await cli(['top', '--once', '--connect', services.plain.url, '--limit', '3']);
  expect(top.stdout).toContain('checkout-importer.py (jobs.sh)');
  for (const script of SCRIPTS)
    expect(metrics).toMatch(
      new RegExp(`connections_opened_total\\{program="${script}".*\\} ${RUNS * EACH[script]}\n`),
    );
});

it('where arguments are hidden they are two programs all the same, without a name of a script', async () => {
  const [one, two, ...others] = await reported(services.redacted);
  expect(others).toEqual([]);
  /* Numbered as they are first seen, other scripts of this machine too. */
  expect(one?.name).not.toBe(two?.name);
  for (const row of [one, two]) {
    expect(row?.name).toMatch(/^python3 #\d+$/);
    expect(row?.programs).toEqual([expect.stringMatching(new RegExp(`^${row?.name} \\(bash #\\d+\\)$`))]);
  }
  expect([one?.opened, two?.opened].sort()).toEqual(SCRIPTS.map((script) => RUNS * EACH[script]).sort());
  expect([one?.rows, two?.rows]).toEqual([DEAD_PER_PROGRAM + 1, DEAD_PER_PROGRAM + 1]);
  const { url } = services.redacted;
  const [row] = await services.redacted.flows({ filter: `${OURS} pid:>0` });
  const paths = ['snapshot', 'history', `flow?key=${row?.key}`].map((path) => `api/v1/${path}`);
  const answers = await Promise.all([
    ...[...paths, 'metrics', 'healthz'].map(async (path) => (await fetch(url + path)).text()),
    ...['top --once', 'why --all', 'check'].map(
      async (line) => (await cli([...line.split(' '), '--connect', url])).stdout,
    ),
  ]);
  expect(answers[0]).toContain(one?.name);
  expect(answers[2]).toContain('"ancestors":[{');
  expect(answers[5]).toContain('python3 #');
  for (const text of answers) expect(text).not.toMatch(/checkout|analytics|jobs\.sh|last-word/);
});

/** Lives, with so many connections. */
const HOLDER = (count: number, what: string) => `import socket, sys  # ${what}
held = [socket.create_connection(("127.0.0.1", 9001)) for _ in range(${count})]
print("held", flush=True)
sys.stdin.read()`;
const WORKERS = `exec 3<&0
for code; do python3 -ISc "$code" <&3 & python3 -ISuc "$code" <&3 & done; wait`;

it('live programs that are given as arguments are as many programs as there are texts', async () => {
  const { netns } = services;
  const server = await start(scope, [binary(), 'server', '--listen', '127.0.0.1:9001'], { netns });
  await server.printed(/ready/);
  const codes = [HOLDER(2, 'orders'), HOLDER(3, 'orders'), HOLDER(4, 'stock')];
  const shell = await start(scope, ['bash', '-c', WORKERS, 'workers', ...codes], { netns });
  await shell.printed(/(held\s+){6}/);
  for (const service of [services.plain, services.redacted]) {
    const filter = { filter: 'dir:out port:9001' };
    const live = (await service.stream(scope)).subscribe('flows', filter);
    await live.until((rows) => sum(rows) === 18);
    const groups = await service.flows({ ...filter, group: 'program' });
    const reported = groups.map(({ process, opened, established, pids }) => {
      return [process.name, opened, established, pids?.listed.length, pids?.more];
    });
    const name = expect.stringMatching(/^python3 -c #\d+$/);
    expect(reported.sort((a, b) => Number(a[1]) - Number(b[1]))).toEqual([
      [name, 8, 8, 2, 0],
      [name, 10, 10, 4, 0],
    ]);
    expect(new Set(groups.map(({ program }) => program)).size).toBe(2);
  }
});
