/**
 * Prometheus itself scrapes the real service: promtool finds nothing to complain about, what Prometheus has stored is what
 * was opened, and rules and dashboard use no metric that does not exist.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { churnClient } from '../support/churngen.js';
import { counting } from '../support/counters.js';
import { Netns } from '../support/netns.js';
import { must, run, start } from '../support/process.js';
import { ab, nginx } from '../support/programs.js';
import { fileScope, type Scope, testScope } from '../support/scope.js';
import { ROOT, type Service, startService } from '../support/service.js';

const DEPLOY = join(ROOT, 'deploy');
const RULES = join(DEPLOY, 'prometheus/portchurn.rules.yml');
const REQUESTS = 1500;

const scope = fileScope();
const netns = Netns.create(scope);
/** Of this namespace alone: a family has no more than fifty series, and other tests have programs, too. */
const started = startService(scope, '--filter', `netns:${netns.inode}`);

const text = async (service: Service) => await (await fetch(new URL('/metrics', service.url))).text();

async function promtool(input: string, ...words: string[]) {
  const running = await start(testScope(), ['promtool', ...words]);
  running.write(input);
  running.closeInput();
  return running.finished(20_000);
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Our own example configuration and rules, with the service's address and a scrape per second. */
function configure(scope: Scope, service: Service): string {
  const directory = scope.directory();
  const example = readFileSync(join(DEPLOY, 'prometheus/prometheus.yml'), 'utf8');
  const config = example.replace('127.0.0.1:7790', new URL(service.url).host).replace('15s', '1s');
  writeFileSync(join(directory, 'prometheus.yml'), config);
  writeFileSync(join(directory, 'portchurn.rules.yml'), readFileSync(RULES));
  return directory;
}

class Prometheus {
  private constructor(private readonly url: string) {}

  static async start(scope: Scope, service: Service): Promise<Prometheus> {
    const directory = configure(scope, service);
    const address = `127.0.0.1:${await freePort()}`;
    const flags = {
      'config.file': join(directory, 'prometheus.yml'),
      'storage.tsdb.path': join(directory, 'data'),
      'web.listen-address': address,
    };
    const words = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    const running = await start(scope, ['prometheus', ...words]);
    await running.printed(/Server is ready to receive web requests/);
    return new Prometheus(`http://${address}`);
  }

  async get<T>(path: string): Promise<T> {
    const body = (await (await fetch(new URL(path, this.url))).json()) as { status: string; data: T };
    expect(body.status).toBe('success');
    return body.data;
  }

  async query(expression: string): Promise<number | null> {
    const path = `/api/v1/query?query=${encodeURIComponent(expression)}`;
    const { result } = await this.get<{ result: { value: [number, string] }[] }>(path);
    return result[0] === undefined ? null : Number(result[0].value[1]);
  }

  /** It scrapes by its own clock, so ask until the scrape that shows it. */
  async until(expression: string, wanted: number): Promise<void> {
    let value: number | null = null;
    const deadline = AbortSignal.timeout(30_000);
    for await (const _ of setInterval(200)) {
      value = await this.query(expression);
      if (value === wanted) return;
      if (deadline.aborted) break;
    }
    throw new Error(`${expression} is ${value}, not ${wanted}`);
  }
}

it('what Prometheus scrapes is what was opened', async () => {
  const server = await nginx(scope, netns);
  const service = await started;
  const prometheus = await Prometheus.start(scope, service);
  await prometheus.until('up{job="portchurn"}', 1);
  const grown = counting(netns);
  await ab(netns, `http://127.0.0.1:${server.port}/`, REQUESTS, 8);
  const opened = grown('Tcp.ActiveOpens');
  expect(opened).toBeGreaterThanOrEqual(REQUESTS);
  const mine = `destination="127.0.0.1",port="${server.port}"`;
  await prometheus.until(`sum(portchurn_connections_opened_total{${mine},program=~"ab.*"})`, opened);
  await prometheus.until(`sum(portchurn_connections_opened_total{${mine},program=~"nginx.*"})`, opened);
  /* A budget is exported as long as it holds ports: nginx closed all of ab's. */
  await churnClient(scope, netns, { to: `127.0.0.1:${server.port}`, count: 3, 'hold-ms': 60_000 });
  await prometheus.until(`portchurn_tuple_ports_limit{${mine},netns="${netns.inode}"}`, 28_232);
  expect(await prometheus.query('portchurn_connect_duration_seconds_count')).toBeGreaterThanOrEqual(REQUESTS);
  const { groups } = await prometheus.get<{ groups: { rules: { lastError?: string }[] }[] }>('/api/v1/rules');
  const errors = groups.flatMap(({ rules }) => rules.flatMap(({ lastError }) => lastError ?? []));
  expect(errors.filter((error) => error !== '')).toEqual([]);
});

it('promtool finds nothing to complain about in the metrics', async () => {
  const service = await started;
  const done = await promtool(await text(service), 'check', 'metrics');
  expect(done).toMatchObject({ code: 0, stdout: '', stderr: '' });
});

it('the rules are valid, and alert when they should', async () => {
  const directory = join(DEPLOY, 'prometheus');
  await must(['promtool', 'check', 'rules', RULES]);
  await must(['promtool', 'check', 'config', join(directory, 'prometheus.yml')]);
  const tests = readdirSync(directory).filter((name) => name.endsWith('_test.yml'));
  expect(tests).not.toEqual([]);
  for (const test of tests) {
    const done = await run(['promtool', 'test', 'rules', test], { cwd: directory });
    expect(done, done.stdout + done.stderr).toMatchObject({ code: 0 });
  }
});

it('rules and dashboard use metrics that exist', async () => {
  const service = await started;
  const exported = (await text(service)).matchAll(/^# TYPE (\S+)/gm);
  const known = new Set([...exported].map((match) => match[1]));
  for (const file of [RULES, join(DEPLOY, 'grafana/portchurn.json')]) {
    const content = readFileSync(file, 'utf8').replace(/^#.*$/gm, '');
    const used = content.match(/portchurn_[a-z_]+/g) ?? [];
    const names = new Set(used.map((name) => name.replace(/_bucket$/, '')));
    expect([...names].filter((name) => !known.has(name))).toEqual([]);
    expect(names.size).toBeGreaterThan(5);
  }
});
