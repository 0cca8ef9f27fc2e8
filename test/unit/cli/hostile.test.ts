/**
 * Commands in front of something that says it is a service and answers what it likes, or that is of another version: a message with a
 * code, whatever it says.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { commandLine } from '../../../src/cli/command-line.js';
import { VERSION } from '../../../src/protocol/version.js';
import { BACKENDS } from '../../../src/service/backends.js';
import { HEALTHY } from '../../support/served.js';
import { Captured } from './io.js';
import { budget, connectionEvent, flow } from './rows.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const THEIRS = { ...HEALTHY, version: '9.8.7' };
const HELLO = { type: 'hello', protocol: 1, topics: ['events', 'of-the-future'] };
const json = (value: unknown) => (value === undefined ? '' : JSON.stringify(value));

interface Answers {
  health?: unknown;
  /** Of every table; with its name in place of "TOPIC". */
  snapshot?: unknown;
  status?: number;
  frames?: unknown[];
}

/** A server with the answers that are given. */
async function hostile({ health = THEIRS, snapshot, status = 200, frames = [] }: Answers): Promise<string> {
  const server = createServer(({ url = '' }: IncomingMessage, response) => {
    if (url.startsWith('/healthz')) return response.end(json(health));
    const topic = new URL(url, 'http://x').searchParams.get('topic') ?? '';
    response.writeHead(status).end(json(snapshot).replaceAll('TOPIC', topic));
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    for (const frame of frames) socket.send(json(frame));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  cleanups.push(() => {
    for (const client of sockets.clients) client.terminate();
    server.close().closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function run(answers: Answers, ...words: string[]) {
  const url = await hostile(answers);
  const io = new Captured();
  const code = await commandLine([...words, '--connect', url], io, BACKENDS);
  return { url, code, stdout: io.stdout.text, stderr: io.stderr.text };
}

const COMMANDS = [
  ['top', '--once'],
  ['top', '--once', '-o', 'json'],
  ['why'],
  ['check'],
  ['what-if', '--reuse', '50'],
];
const body = (rows: unknown) => ({
  time: 1,
  epoch: 'e',
  seq: 1,
  topics: { TOPIC: { rows, total: 1, other: null } },
});
const BODIES: [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a number', 5],
  ['a list', []],
  ['no topics', { ...body([]), topics: null }],
  ['another topic', { ...body([]), topics: {} }],
  ['rows that are none', body('rows')],
  ['a row that is null', body([null])],
  ['a row without anything', body([{}])],
  ['a row of another table', body([{ ...flow(), ...budget(), process: 'me', key: 7 }])],
];

describe.each(COMMANDS.map((words) => [words.join(' '), words] as const))('%s', (_, words) => {
  it.each(BODIES)('ends with a message when it is given %s', async (_what, snapshot) => {
    const { url, code, stdout, stderr } = await run({ snapshot }, ...words);
    const said = words[0] === 'check' ? stdout : stderr;
    expect(code).toBe(words[0] === 'check' ? 3 : 1);
    expect(said).toContain(`the answer of ${url} cannot be read: `);
    expect(said).toContain(`(it is version 9.8.7, this is ${VERSION})`);
    expect(stdout + stderr).not.toMatch(/TypeError|unexpected error|\n {4}at /);
  });
});

describe('top', () => {
  it('says which field is missing in the rows of an older service, and what to do', async () => {
    const { connectMs: _, ...older } = flow();
    const { stderr } = await run(
      { snapshot: body([older]), health: HEALTHY },
      'top',
      '--once',
      '--group',
      'unit',
    );
    expect(stderr).toContain('/topics/flows/rows/0/connectMs is missing (its version is not known, this is');
    expect(stderr).toContain('→ use the portchurn of the same version as the service');
  });

  it('takes fields that a newer service has besides', async () => {
    const rows = [{ ...flow({ comm: 'worst' }), ofTheFuture: { much: 1 } }];
    const { code, stdout } = await run({ snapshot: body(rows) }, 'top', '--once', '-o', 'json');
    expect({ code, said: stdout.includes('worst') }).toEqual({ code: 0, said: true });
  });

  it('says what a newer service refuses for a reason that is not known here', async () => {
    const refused = { code: 'OF_THE_FUTURE', message: 'not\u001b[31m today'.padEnd(5000, '.'), column: {} };
    const { code, stderr } = await run({ snapshot: refused, status: 418 }, 'top', '--once');
    expect(code).toBe(1);
    expect(stderr).toMatch(/portchurn: not\\x1b\[31m today\.+ \(OF_THE_FUTURE\)\n$/);
    expect(stderr.length).toBeLessThan(1200);
  });

  it('ends with a message when limits are none', async () => {
    const health = { ...THEIRS, limits: [{ what: 5 }] };
    const snapshot = { ...body([]), topics: { flows: { rows: [], total: 0, other: null } } };
    const { stderr } = await run({ health, snapshot }, 'check');
    expect(stderr).not.toContain('TypeError');
  });
});

describe('trace', () => {
  const EVENTS = { type: 'events', sub: 'trace.1', seq: 1, time: 1, events: [], dropped: 0 };

  it.each([
    ['a hello of another protocol', [{ ...HELLO, protocol: 2 }], '/protocol is not 1'],
    ['events that are none', [HELLO, { ...EVENTS, events: null }], '/events is not a list'],
    ['an event that is null', [HELLO, { ...EVENTS, events: [null] }], '/events/0 is not an object'],
    [
      'an event without a process',
      [HELLO, { ...EVENTS, events: [{ ...connectionEvent(), process: null }] }],
      '/events/0/process',
    ],
    ['an error without a message', [HELLO, { type: 'error', code: 'USAGE' }], '/message is missing'],
  ])('ends with a message when it is given %s', async (_, frames, fault) => {
    const { code, stderr } = await run({ frames }, 'trace');
    expect(code).toBe(1);
    expect(stderr).toContain(`cannot be read: ${fault}`);
    expect(stderr).toContain('(it is version 9.8.7');
    expect(stderr).not.toMatch(/TypeError|unexpected error/);
  });

  it('passes over frames of a newer service', async () => {
    const frames = [5, null, 'text', [], {}, { type: 'of-the-future', sub: 'trace.1' }, HELLO, EVENTS];
    expect((await run({ frames }, 'trace', '--duration', '0.05')).code).toBe(0);
  });
});
