import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { commandLine } from '../../../src/cli/command-line.js';
import type { BudgetRow, ConnectionEvent, FailureRow, FlowRow } from '../../../src/protocol/rows.js';
import type { EventInterest, Health, Source } from '../../../src/protocol/source.js';
import type { RunningServer, ServerOptions } from '../../../src/publish/server.js';
import { BACKENDS } from '../../../src/service/backends.js';
import { HEALTHY, served } from '../../support/served.js';
import { Captured } from './io.js';
import { budget, connectionEvent, failure, flow, processInfo, totals } from './rows.js';

/** A source whose rows and events a test makes. */
class Memory implements Source {
  interest: EventInterest | null = null;
  #emit: (events: readonly ConnectionEvent[], dropped: number) => void = () => undefined;
  #set: FlowRow[];
  #totals = [totals()];

  constructor(
    flows: FlowRow[] = [],
    readonly stopped = false,
  ) {
    this.#set = flows;
  }

  readonly tables: Source['tables'] = {
    flows: { collect: () => ({ set: this.#set.splice(0), del: [] }) },
    totals: { collect: () => ({ set: this.#totals.splice(0), del: [] }) },
  };

  /** Adds the tables that not every service has. */
  with(budgets: BudgetRow[], failures: FailureRow[]): this {
    this.tables.budgets = { collect: () => ({ set: budgets.splice(0), del: [] }) };
    this.tables.failures = { collect: () => ({ set: failures.splice(0), del: [] }) };
    return this;
  }

  readonly events: Source['events'] = {
    listen: (interest, listener) => {
      this.interest = interest;
      this.#emit = listener;
    },
  };

  emit(events: readonly ConnectionEvent[], dropped = 0): void {
    this.#emit(events, dropped);
  }

  health(): Health | null {
    return this.stopped ? null : HEALTHY;
  }
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function service(source: Source, more: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await served(source, more);
  cleanups.push(() => server.stop());
  return server;
}

async function stranger(answer: RequestListener): Promise<string> {
  const server: Server = createServer(answer);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  cleanups.push(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function secret(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'portchurn-token-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'token');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** Starts a command; `done` is its exit code. */
function start(...argv: string[]) {
  const io = new Captured();
  return { io, done: commandLine(argv, io, BACKENDS) };
}

async function run(...argv: string[]) {
  const { io, done } = start(...argv);
  return { code: await done, stdout: io.stdout.text, stderr: io.stderr.text };
}

const FLOWS = () => [
  flow({ pid: 1, comm: 'worst' }, { portsHeld: 900, key: 'a' }),
  flow({ pid: 2, comm: 'mild' }, { portsHeld: 5, key: 'b', direction: 'in' }),
  flow({ pid: 3, comm: 'middle' }, { portsHeld: 80, key: 'c', program: 'other' }),
];

describe('top --once, attached', () => {
  it('prints the service’s table, the worst culprit first', async () => {
    const { url } = await service(new Memory(FLOWS()));
    const { code, stdout, stderr } = await run('top', '--once', '--connect', url);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `portchurn: attached to ${url}\n` });
    expect([...stdout.matchAll(/worst|middle|mild/g)].map(String)).toEqual(['worst', 'middle', 'mild']);
    expect(stdout).toContain('of 26,840 TIME_WAIT have an owner');
  });

  it('shows budgets and failures of the whole machine, whatever the filter, where the service has them', async () => {
    const source = new Memory(FLOWS()).with([budget()], [failure({ perSec: 9 }), failure({ key: 'x2' })]);
    const { url } = await service(source);
    const { stdout } = await run('top', '--once', '--connect', url, '--filter', 'portsHeld:>100');
    expect(stdout).toMatch(/→ 10\.0\.0\.9:5432 {2}runs out in 2 min 10 s/);
    expect([...stdout.matchAll(/(\S+)\/s fail {2}psql 55/g)].map(([, rate]) => rate)).toEqual(['312', '9.0']);
    expect(stdout).not.toContain('middle');
  });

  it('sorts by failures', async () => {
    const rows = [
      flow({ comm: 'calm' }, { key: 'a' }),
      flow({ comm: 'failing' }, { key: 'b', failPerSec: 7 }),
    ];
    const { url } = await service(new Memory(rows));
    const { stdout } = await run('top', '--once', '--connect', url, '--sort', '-failPerSec');
    expect([...stdout.matchAll(/calm|failing/g)].map(String)).toEqual(['failing', 'calm']);
  });

  it('finds the worst culprit by opening rate, then by opens, while ports held are unknown', async () => {
    const unknown = { portsHeld: null, timeWait: null };
    const row = (comm: string, key: string, openPerSec: number, opened: number) =>
      flow({ comm }, { ...unknown, key, openPerSec, opened });
    const first = async (...rows: FlowRow[]) => {
      const { url } = await service(new Memory(rows));
      const { stdout } = await run('top', '--once', '-o', 'json', '--limit', '1', '--connect', url);
      return JSON.parse(stdout).topics.flows.rows[0].process.comm;
    };
    expect(await first(row('long ago', 'a', 0, 900), row('now', 'b', 5, 10))).toBe('now');
    expect(await first(row('few', 'a', 0, 1), row('many', 'b', 0, 900))).toBe('many');
  });

  it('prints the snapshot body as JSON', async () => {
    const { url } = await service(new Memory(FLOWS()));
    const { stdout } = await run(
      'top',
      '--once',
      '-o',
      'json',
      '--limit',
      '1',
      '--sort',
      'portsHeld',
      '--connect',
      url,
    );
    const body = JSON.parse(stdout);
    expect(body).toMatchObject({
      epoch: expect.any(String),
      seq: expect.any(Number),
      time: expect.any(Number),
    });
    expect(body.topics.flows).toMatchObject({ total: 3, other: { rows: 2, portsHeld: 980 } });
    expect(body.topics.flows.rows[0].process.comm).toBe('mild');
  });

  it('filters and groups by the service', async () => {
    const { url } = await service(new Memory(FLOWS()));
    const argv = ['--connect', url, '--filter', 'portsHeld:>10', '--group', 'program', '-o', 'ndjson'];
    const { stdout } = await run('top', '--once', ...argv);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map((row) => [row.program, row.portsHeld])).toEqual([
      ['curl (loop.sh)', 900],
      ['other', 80],
    ]);
  });

  it('prints CSV with a header', async () => {
    const { url } = await service(new Memory(FLOWS()));
    const { stdout } = await run('top', '--once', '-o', 'csv', '--connect', url);
    expect(stdout.split('\n')).toHaveLength(5);
    expect(stdout).toMatch(/^key,netns,process\.pid,/);
  });

  it('refuses a bad filter before it asks anybody', async () => {
    const { code, stderr, stdout } = await run(
      'top',
      '--once',
      '--connect',
      'http://127.0.0.1:1',
      '--filter',
      'dst:',
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^portchurn: .*column \d/);
  });

  it('refuses a field that cannot be sorted by', async () => {
    const { code, stderr } = await run(
      'top',
      '--once',
      '--connect',
      'http://127.0.0.1:1',
      '--sort',
      '-nonsense',
    );
    expect(code).toBe(2);
    expect(stderr).toContain('cannot be sorted by "nonsense"');
  });
});

describe('top, attached', () => {
  it('prints a table per interval until --duration is over', async () => {
    const { url } = await service(new Memory(FLOWS()));
    const { code, stdout } = await run('top', '--connect', url, '--interval', '100', '--duration', '1');
    expect(code).toBe(0);
    expect(stdout.match(/PID +PROCESS/g)?.length).toBeGreaterThanOrEqual(3);
  });

  it('keeps nothing of a table that was printed: Node warns of the eleventh listener', async () => {
    const { url } = await service(new Memory(FLOWS()));
    const warnings: string[] = [];
    const note = (warning: Error) => warnings.push(`${warning}`);
    process.on('warning', note);
    try {
      const { io, done } = start('top', '--connect', url, '--interval', '100');
      await io.stdout.has(/(PID +PROCESS[\s\S]*?){14}/);
      io.interrupt();
      await done;
    } finally {
      process.off('warning', note);
    }
    expect(warnings).toEqual([]);
  });

  it('ends with 130 on Ctrl-C and with 0 when its reader has gone', async () => {
    const { url } = await service(new Memory(FLOWS()));
    for (const [reason, code] of [
      ['SIGINT', 130],
      ['pipe', 0],
    ] as const) {
      const { io, done } = start('top', '--connect', url);
      await io.stdout.has(/worst/);
      io.interrupt(reason);
      expect(await done).toBe(code);
    }
  });

  it('fails when the service goes away', async () => {
    const server = await service(new Memory(FLOWS()));
    const { io, done } = start('top', '--connect', server.url, '--interval', '100');
    await io.stdout.has(/worst/);
    await server.stop();
    cleanups.pop();
    expect(await done).toBe(1);
    expect(io.stderr.text).toContain(`no answer from a service at ${server.url}`);
  });
});

describe('attaching', () => {
  it('shows the token, and says which option is missing without', async () => {
    const { url } = await service(new Memory(FLOWS()), { token: 's3cret-of-sixteen' });
    const without = await run('top', '--once', '--connect', url);
    expect(without.code).toBe(1);
    expect(without.stderr).toMatch(/^portchurn: a token is needed.*\n {2}→ .*--token-file F\n$/);
    const wrong = await run('top', '--once', '--connect', url, '--token-file', secret('wrong-of-sixteen-'));
    expect(wrong.code).toBe(1);
    const right = await run('top', '--once', '--connect', url, '--token-file', secret('s3cret-of-sixteen\n'));
    expect(right.code).toBe(0);
  });

  it('does not take another program’s answer for a service', async () => {
    const answers: RequestListener[] = [
      (_, response) => response.end('{"status":"ok"}'),
      (_, response) => response.end('<html>hello</html>'),
      (_, response) => response.writeHead(503).end('busy'),
    ];
    for (const answer of answers) {
      const url = await stranger(answer);
      const { code, stderr } = await run('top', '--once', '--connect', url);
      expect(code).toBe(1);
      expect(stderr).toContain(`what answers at ${url} is not portchurn`);
    }
  });

  it('reads no answer that has no end', async () => {
    let closed = false;
    const url = await stranger(async (_, response) => {
      response.on('close', () => (closed = true));
      const piece = Buffer.alloc(1 << 20, ' ');
      while (!closed) if (!response.write(piece)) await new Promise((taken) => response.once('drain', taken));
    });
    const { code, stderr } = await run('top', '--once', '--connect', url);
    expect(code).toBe(1);
    expect(stderr).toContain('the answer is longer than 128 MB');
  });

  it.each(['/portchurn', '/portchurn/'])('keeps the path %s of a service behind a proxy', async (path) => {
    const asked: (string | undefined)[] = [];
    const url = await stranger(({ url }, response) => {
      asked.push(url);
      response.writeHead(503).end();
    });
    await run('top', '--once', '--connect', `${url}${path}`);
    expect(asked).toEqual(['/portchurn/healthz']);
  });

  it('says when the tracer behind the service has stopped', async () => {
    const { url } = await service(new Memory([], true));
    const { code, stderr } = await run('top', '--once', '--connect', url);
    expect(code).toBe(1);
    expect(stderr).toContain('the tracer has stopped');
  });
});

describe('trace, attached', () => {
  const pid = process.pid;
  const mine = (parts: Partial<ConnectionEvent> = {}) =>
    connectionEvent({ process: processInfo({ pid }), ...parts });

  it('has the processes traced in the kernel, and prints their events only', async () => {
    const source = new Memory();
    const { url } = await service(source);
    const { io, done } = start('trace', '--connect', url, '--pid', String(pid), '-o', 'ndjson');
    await io.stderr.has(new RegExp(`tracing pid ${pid}`));
    expect(source.interest).toEqual({ all: false, pids: [pid] });
    const transition = mine({ type: 'transition', oldState: 'established', newState: 'fin-wait-1' });
    source.emit([connectionEvent(), transition, mine()]);
    await io.stdout.has(/\n/);
    io.interrupt();
    expect(await done).toBe(130);
    expect(
      io.stdout.text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([mine()]);
    await expect.poll(() => source.interest, { timeout: 60_000 }).toBeNull();
  });

  it('follows several processes, and shows transitions with --raw', async () => {
    const source = new Memory();
    const { url } = await service(source);
    const { io, done } = start('trace', '--connect', url, '--pid', `${pid},${process.ppid}`, '--raw');
    await io.stderr.has(/tracing pid \d+, \d+/);
    expect(source.interest).toEqual({ all: false, pids: [pid, process.ppid].sort((a, b) => a - b) });
    source.emit([mine({ type: 'transition', oldState: 'established', newState: 'fin-wait-1' })]);
    source.emit([mine({ process: processInfo({ pid: process.ppid }) })]);
    await io.stdout.has(/transition .*established → fin-wait-1/);
    await io.stdout.has(/closed/);
    io.interrupt('SIGTERM');
    expect(await done).toBe(130);
  });

  it('says how many events were dropped', async () => {
    const source = new Memory();
    const { url } = await service(source);
    const { io, done } = start('trace', '--connect', url);
    await io.stderr.has(/tracing every process/);
    source.emit([mine()], 12);
    await io.stdout.has(/closed/);
    io.interrupt();
    await done;
    expect(io.stderr.text).toContain('12 events dropped');
  });

  it('counts as dropped only what it would have shown', async () => {
    const source = new Memory();
    const { url } = await service(source);
    const { io, done } = start('trace', '--connect', url, '--pid', String(pid));
    await io.stderr.has(/tracing pid/);
    const transition = mine({ type: 'transition', oldState: 'established', newState: 'fin-wait-1' });
    // More than are kept between two frames, as when the reader takes none for a while.
    source.emit(Array.from({ length: 8192 + 100 }, () => [mine(), transition, connectionEvent()]).flat());
    await io.stdout.has(/closed/);
    io.interrupt();
    await done;
    expect(io.stderr.text).toContain('portchurn: 100 events dropped');
  });

  it('ends by itself after --duration', async () => {
    const { url } = await service(new Memory());
    expect((await run('trace', '--connect', url, '--duration', '0.05')).code).toBe(0);
  });

  it('prints what came before the end of --duration, although the service sends it after that', async () => {
    const source = new Memory();
    const { url } = await service(source);
    const { io, done } = start('trace', '--connect', url, '--duration', '0.001');
    await io.stderr.has(/tracing every process/);
    source.emit([mine()]);
    expect(await done).toBe(0);
    expect(io.stdout.text).toMatch(/closed/);
  });

  it('fails when the service goes away', async () => {
    const server = await service(new Memory());
    const { io, done } = start('trace', '--connect', server.url);
    await io.stderr.has(/tracing every process/);
    await server.stop();
    cleanups.pop();
    expect(await done).toBe(1);
    expect(io.stderr.text).toContain('the service closed the connection');
  });

  it('on a terminal counts what nobody could read', async () => {
    const source = new Memory();
    const { url } = await service(source);
    const io = new Captured({}, { columns: 100 });
    const done = commandLine(['trace', '--connect', url], io, BACKENDS);
    await io.stderr.has(/tracing every process/);
    source.emit(Array.from({ length: 1000 }, () => mine()));
    await io.stdout.has(/suppressed 800 lines/);
    io.interrupt();
    await done;
    expect(io.stdout.text.match(/closed /g)).toHaveLength(200);
  });
});
