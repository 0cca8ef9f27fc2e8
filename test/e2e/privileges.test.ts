/**
 * Started as root, the service has only the capabilities it uses, in every thread and for good, and still sees what it has
 * to see: programs of other users, and network namespaces that come while it runs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NICE } from '../../src/service/priority.js';
import { CAPABILITIES } from '../../src/system/capabilities.js';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { ab, nginx } from '../support/programs.js';
import { type Scope, testScope } from '../support/scope.js';
import { portchurn, type Service, serviceBy, serviceWords, startService } from '../support/service.js';

const SETS = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'] as const;
type Sets = Record<(typeof SETS)[number] | 'NoNewPrivs', string>;

function setsIn(path: string): Sets {
  const status = readFileSync(path, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? '';
  return Object.fromEntries([...SETS, 'NoNewPrivs'].map((name) => [name, field(name)])) as Sets;
}

/** Of each thread; every set is one line, so that a failure shows which thread has more. */
function threadsOf(pid: number): Sets[] {
  return readdirSync(`/proc/${pid}/task`).map((task) => setsIn(`/proc/${pid}/task/${task}/status`));
}

const mask = (...bits: number[]) =>
  bits
    .reduce((all, bit) => all | (1n << BigInt(bit)), 0n)
    .toString(16)
    .padStart(16, '0');
const USED = mask(...CAPABILITIES.map(({ bit }) => bit));
const NONE = mask();
const reducedTo = (kept: string): Sets => ({
  CapInh: NONE,
  CapPrm: kept,
  CapEff: kept,
  CapBnd: kept,
  CapAmb: NONE,
  NoNewPrivs: '1',
});
const OURS = setsIn('/proc/self/status');

function expectSets(service: Service, sets: Sets): void {
  const threads = threadsOf(service.pid);
  expect(threads.length).toBeGreaterThan(4);
  expect(threads).toEqual(threads.map(() => sets));
}

/** A server of another user, and a program that came and went. */
async function traffic(scope: Scope, netns: Netns): Promise<void> {
  const server = await nginx(scope, netns);
  await ab(netns, `http://127.0.0.1:${server.port}/`, 200, 4);
}

/** Of each thread: the nineteenth field of its stat. */
function niceOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map((task) => {
    const [, rest = ''] = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8').split(/\) (?=[A-Z] )/);
    return Number(rest.split(' ')[16]);
  });
}

describe.concurrent('the service, started as root', () => {
  it('gets a larger share of a busy processor, in every thread', async ({ onTestFinished }) => {
    const service = await startService(testScope({ onTestFinished }));
    await service.get('/api/v1/snapshot');
    expect(new Set(niceOf(service.pid))).toEqual(new Set([NICE]));
  });

  it('keeps the nice value that somebody chose', async ({ onTestFinished }) => {
    const service = await serviceBy(testScope({ onTestFinished }), ['nice', '-n', '1', ...serviceWords()]);
    expect(new Set(niceOf(service.pid))).toEqual(new Set([1]));
  });

  it('has in every thread the capabilities it uses and no other, and never gets more', async ({
    onTestFinished,
  }) => {
    const service = await startService(testScope({ onTestFinished }));
    await service.get('/api/v1/snapshot');
    expectSets(service, reducedTo(USED));
    expect(service.process.stderr).not.toContain('could not be dropped');
  });

  it('still finds a new network namespace and the file of a new process in it', async ({
    onTestFinished,
  }) => {
    const scope = testScope({ onTestFinished });
    const service = await startService(scope);
    const stream = await service.stream(scope);
    const totals = stream.subscribe('totals');
    const netns = Netns.create(scope);
    const flows = stream.subscribe('flows', { filter: `netns:${netns.inode}` });
    await traffic(scope, netns);
    const exes = await flows.until((rows) => {
      const found = new Set(rows.map(({ process }) => process.exe));
      return [...found].filter((exe) => /\/(ab|nginx)$/.test(exe ?? '')).length === 2 && found;
    });
    expect([...exes]).not.toContain(null);
    const row = await totals.until((rows) => rows.find((one) => one.netns === netns.inode && one.timeWait));
    expect(row).toMatchObject({ name: netns.name, portRange: [32_768, 60_999], coverage: 1 });
  });

  it('names programs of other users that are older than itself', async ({ onTestFinished }) => {
    const scope = testScope({ onTestFinished });
    const netns = Netns.create(scope);
    const server = await nginx(scope, netns);
    const service = await startService(scope);
    await ab(netns, `http://127.0.0.1:${server.port}/`, 50, 1);
    const table = (await service.stream(scope)).subscribe('flows', { filter: `netns:${netns.inode} dir:in` });
    const flows = await table.until((rows) => rows.length > 0 && rows);
    for (const { process } of flows) {
      expect(server.workers).toContain(process.pid);
      expect(process.exe).toMatch(/\/nginx$/);
    }
  });

  it('keeps the capability for a port below 1024 when it listens there', async ({ onTestFinished }) => {
    const scope = testScope({ onTestFinished });
    const netns = Netns.create(scope);
    const words = portchurn('serve', '--listen', '127.0.0.1:783');
    const running = await start(scope, words, { netns });
    await running.printed(/^http:\/\/127\.0\.0\.1:783\/$/m);
    expect(setsIn(`/proc/${running.pid}/status`)).toEqual(
      reducedTo(mask(10, ...CAPABILITIES.map(({ bit }) => bit))),
    );
    expect((await running.stop('SIGTERM')).code).toBe(0);
  });

  it.for([[['--keep-privileges'], {}] as const, [[], { PORTCHURN_KEEP_PRIVILEGES: 'true' }] as const])(
    'keeps everything when told so by %j %j',
    async ([flags, env], { onTestFinished }) => {
      const scope = testScope({ onTestFinished });
      const words = portchurn('serve', '--listen', '127.0.0.1:0', ...flags);
      const running = await start(scope, words, { env: { ...process.env, ...env } });
      await running.printed(/^http:\/\/\S+$/m);
      expect(setsIn(`/proc/${running.pid}/status`)).toEqual(OURS);
      expect((await running.stop('SIGTERM')).code).toBe(0);
    },
  );

  it('says so and goes on when it may not drop them', async ({ onTestFinished }) => {
    const scope = testScope({ onTestFinished });
    const withoutSetpcap = ['setpriv', '--bounding-set', '-setpcap', '--'];
    const running = await start(scope, [...withoutSetpcap, ...portchurn('serve', '--listen', '127.0.0.1:0')]);
    await running.printed(/^http:\/\/\S+$/m);
    const lines = running.stderr.split('\n').filter((line) => line.includes('could not be dropped'));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: 40, msg: expect.any(String) }]);
    expect((await running.stop('SIGTERM')).code).toBe(0);
  });

  it.for(['at once', 'once it has started anew'])(
    'ends by a signal that comes %s',
    async (when, { onTestFinished }) => {
      const running = await start(
        testScope({ onTestFinished }),
        portchurn('serve', '--listen', '127.0.0.1:0'),
      );
      if (when !== 'at once') while (setsIn(`/proc/${running.pid}/status`).CapBnd !== USED) await turn();
      running.signal('SIGTERM');
      const { code, signal } = await running.finished(20_000);
      expect(signal === 'SIGTERM' || code === 0).toBe(true);
    },
  );
});

const turn = () => new Promise(setImmediate);
