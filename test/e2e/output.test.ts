/**
 * Output through a pipe that nobody reads for a while: it arrives whole, in every command and format, and a reader that leaves
 * early is no error.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_LIMIT } from '../../src/protocol/names.js';
import type { ConnectionEvent, FindingRow, FlowRow } from '../../src/protocol/rows.js';
import type { EventSource, Source } from '../../src/protocol/source.js';
import type { RunningServer } from '../../src/publish/server.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { Netns } from '../support/netns.js';
import { run } from '../support/process.js';
import { fileScope } from '../support/scope.js';
import { given, HEALTHY, served } from '../support/served.js';
import { portchurn, startService } from '../support/service.js';
import { budget, event, finding, flow, totals, verdict } from '../unit/publish/rows.js';
import { PIPE_BYTES, readLate } from './slow-reader.js';

const ROWS = 2000;
const EVENTS = 5000;
/** Destinations of the real client. */
const SPREAD = 2000;

const scope = fileScope();

const lines = (text: string) => text.trimEnd().split('\n');
const parsed = (text: string) => lines(text).map((line) => JSON.parse(line) as Record<string, unknown>);

/** Sends its events as soon as somebody listens. */
const events: EventSource = {
  listen: (interest, listener) => {
    if (interest === null) return;
    const all: ConnectionEvent[] = Array.from({ length: EVENTS }, (_, i) => event({ cookie: String(i) }));
    setTimeout(() => listener(all, 0), 100);
  },
};

const many = <Row>(make: (i: number) => Row): Row[] => Array.from({ length: ROWS }, (_, i) => make(i));

const bigSource = (): Source => ({
  tables: {
    totals: given([totals('1')]),
    flows: given(many((i) => flow(`f${i}`, { destination: { address: '10.0.0.9', port: i + 1 } }))),
    budgets: given(many((i) => budget(`b${i}`, { destination: { address: '10.0.0.9', port: i + 1 } }))),
    failures: given([]),
    findings: given(many((i): FindingRow => finding(`x${i}`, { rank: i + 1 }))),
    verdict: given([verdict()]),
  },
  events,
  health: () => HEALTHY,
});

let server: RunningServer;
beforeAll(async () => {
  server = await served(bigSource());
});
afterAll(() => server.stop());

const attached = (...words: string[]) => [...words, '--connect', server.url];

describe('a reader that takes its time gets all of it', () => {
  const top = (format: string) => attached('top', '--once', '--limit', '5000', '-o', format);
  const whatIf = (...more: string[]) =>
    attached('what-if', '--reuse', '50', '--filter', 'dst:10.0.0.9', ...more);

  it.concurrent.each<[string, () => string[], (out: string) => number, number]>([
    ['top -o table', () => top('table'), (out) => out.match(/^ *100 +ab .*\d/gm)?.length ?? 0, ROWS],
    ['top -o json', () => top('json'), (out) => JSON.parse(out).topics.flows.rows.length, ROWS],
    ['top -o ndjson', () => top('ndjson'), (out) => parsed(out).length, ROWS],
    ['top -o csv', () => top('csv'), (out) => lines(out).length, ROWS + 1],
    [
      'why --all',
      () => attached('why', '--all'),
      (out) => out.match(/Fix for good:/g)?.length ?? 0,
      DEFAULT_LIMIT,
    ],
    [
      'why -o json',
      () => attached('why', '-o', 'json'),
      (out) => JSON.parse(out).topics.findings.rows.length,
      DEFAULT_LIMIT,
    ],
  ])('%s', async (_, words, count, expected) => {
    const { code, text } = await readLate(scope, portchurn(...words()));
    expect(text.length).toBeGreaterThan(PIPE_BYTES);
    expect({ code, count: count(text) }).toEqual({ code: 0, count: expected });
  });

  /* One after the other: the events come when the first client listens. */
  it.each<[string, (out: string) => unknown[]]>([
    ['table', lines],
    ['ndjson', parsed],
  ])('trace -o %s', async (format, read) => {
    const words = portchurn(...attached('trace', '--duration', '3', '-o', format));
    const { code, text } = await readLate(scope, words, { quietMs: 3000 });
    expect(text.length).toBeGreaterThan(PIPE_BYTES);
    expect({ code, count: read(text).length }).toEqual({ code: 0, count: EVENTS });
  });

  it.concurrent.each<[string, () => string[], number, RegExp]>([
    ['check -o text', () => attached('check'), 1, /^PORTCHURN WARNING - .*findings_warning=\d+;;;0\n$/],
    ['check -o json', () => attached('check', '-o', 'json'), 1, /^\{"status":"WARNING".*\}\n$/],
    ['what-if -o text', () => whatIf(), 0, /To 10\.0\.0\.9:\d+ from [\s\S]*opened\/s[^\n]*\n$/],
    ['what-if -o json', () => whatIf('-o', 'json'), 0, /^\{"changes".*\}\n$/],
    ['doctor -o text', () => ['doctor'], 0, /\nThis machine can trace\.\n$/],
    ['doctor -o json', () => ['doctor', '-o', 'json'], 0, /^\{.*\}\n$/],
    ['--help', () => ['--help'], 0, /^Usage: portchurn[\s\S]*\n$/],
    ['serve --help', () => ['serve', '--help'], 0, /^Usage: portchurn serve[\s\S]*the default\.\n$/],
    ['--version', () => ['--version'], 0, /^\d+\.\d+\.\d+( \([0-9a-f]{12}\))?\n$/],
  ])('%s, into a pipe that was full before', async (_, words, code, whole) => {
    const done = await readLate(scope, portchurn(...words()), { full: true });
    expect(done).toMatchObject({ code, text: expect.stringMatching(whole) });
  });

  it.concurrent.each<[string, string[], number, RegExp]>([
    ['of wrong usage', ['top', '--onec'], 2, /^portchurn: unknown option '--onec'\n.*--once\?\n$/],
    ['of no service', ['top', '--connect', 'http://127.0.0.1:1'], 1, /\n {2}→ start one .*--standalone\n$/],
    ['of no command', [], 2, /^Usage: portchurn[\s\S]*\n$/],
  ])('an error message %s, on a stderr that was full before', async (_, words, code, whole) => {
    const done = await readLate(scope, portchurn(...words), { full: true, output: 'stderr' });
    expect(done).toMatchObject({ code, text: expect.stringMatching(whole) });
  });
});

describe('a reader that leaves', () => {
  /** What stderr has when nothing is wrong. */
  const quiet = (stderr: string) => stderr.replace(/^portchurn: (attached to|tracing) .*\n/gm, '');

  it.concurrent.each<[string, () => string[]]>([
    ['top --once', () => attached('top', '--once', '--limit', '5000', '-o', 'json')],
    ['top', () => attached('top', '--interval', '100', '-o', 'json')],
    ['trace', () => attached('trace', '-o', 'ndjson', '--duration', '60')],
    ['why', () => attached('why', '-o', 'json')],
  ])('in the middle ends %s with 0, in silence', async (_, words) => {
    const { code, stderr } = await readLate(scope, portchurn(...words()), { most: 10 });
    expect({ code, said: quiet(stderr) }).toEqual({ code: 0, said: '' });
  });

  it.concurrent('before anything came does not change what check ends with', async () => {
    const { code, stderr } = await readLate(scope, portchurn(...attached('check')), { full: true, most: 1 });
    expect({ code, said: quiet(stderr) }).toEqual({ code: 1, said: '' });
  });

  it.concurrent('from stderr does not change the exit code', async () => {
    const options = { full: true, output: 'stderr', most: 1 } as const;
    expect(await readLate(scope, portchurn('top', '--onec'), options)).toMatchObject({ code: 2 });
  });
});

it.each([
  ['top', ['--once'], 1],
  ['check', [], 3],
])('%s that cannot write says so', async (command, more, code) => {
  const words = portchurn(...attached(command, ...more));
  const done = await run(['sh', '-c', '"$@" >/dev/full', 'sh', ...words]);
  expect(done.code).toBe(code);
  expect(done.stderr).toContain('portchurn: cannot write to stdout: ENOSPC');
});

it('more than a megabyte of a real service arrives whole', async () => {
  const service = await startService(scope);
  const netns = Netns.create(scope);
  await churnServer(scope, netns, ['0.0.0.0:9000']);
  const client = await churnClient(scope, netns, { to: '127.1.0.1:9000', spread: SPREAD, count: SPREAD });
  await client.done();
  const filter = `netns:${netns.inode} dir:out`;
  const table = (await service.stream(scope)).subscribe('flows', { filter, limit: 5000 });
  await table.until((rows) => rows.length === SPREAD);
  const words = [
    'top',
    '--once',
    '--limit',
    '5000',
    '--filter',
    filter,
    '-o',
    'json',
    '--connect',
    service.url,
  ];
  const { code, text } = await readLate(scope, portchurn(...words));
  expect(text.length).toBeGreaterThan(1 << 20);
  const { flows } = (JSON.parse(text) as { topics: { flows: { rows: FlowRow[] } } }).topics;
  expect({ code, rows: flows.rows.length }).toEqual({ code: 0, rows: SPREAD });
});
