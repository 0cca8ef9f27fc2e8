/**
 * Every way on which a service tells something: its paths as the router has them, its topics, the commands. In: a service. Out: what all of them
 * say, by name. A new path, topic or command is asked as well, or the compiler or `unasked` says that it is not.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { COMMANDS, type CommandName } from '../../src/config/options.js';
import { TOPICS } from '../../src/protocol/frames.js';
import type { ConnectionEvent } from '../../src/protocol/rows.js';
import { createApp } from '../../src/publish/http/app.js';
import { incidentMarkdown } from '../../src/view/incident-markdown.js';
import type { Scope } from './scope.js';
import { cli, type Service } from './service.js';

const PATIENCE_MS = 60_000;

/** What the questions are about. */
export interface Asked {
  readonly budget: string;
  readonly flow: string;
}

/** By path; null: nothing that a process has written comes from there. */
const QUERIES: Readonly<Record<string, ((asked: Asked) => Record<string, string>) | null>> = {
  '/healthz': () => ({}),
  '/metrics': () => ({}),
  '/api/v1/snapshot': () => ({}),
  '/api/v1/history': ({ budget }) => ({ budget }),
  '/api/v1/ports': ({ budget }) => ({ budget }),
  '/api/v1/flow': ({ flow }) => ({ key: flow }),
  '/api/v1/change': ({ budget }) => ({ budget, range: '1024-65535' }),
  // Read until each topic has spoken: `streamed`.
  '/api/v1/stream': null,
  '/api/v1/stream.ndjson': null,
  '/api/v1/session': null,
  // The files of the page, the same for everybody.
  '/*': null,
};

type Line = readonly string[];
/** Of each command the ways in which it prints other text than the paths give; null: it says nothing of a service that runs. */
const LINES: Readonly<Record<CommandName, readonly Line[] | null>> = {
  // Its log and what `--on-incident` runs are the test's own.
  serve: null,
  top: [
    ['--once', '--limit', '5000'],
    ['--once', '--limit', '5000', '-o', 'csv'],
  ],
  trace: [
    ['--duration', '1', '--raw'],
    ['--duration', '1', '-o', 'ndjson'],
  ],
  why: [['--all']],
  check: [['-o', 'json']],
  'what-if': [['--reuse', '50']],
  // Stages programs of its own, for minutes.
  demo: null,
  doctor: [[]],
  completion: null,
};

/** Paths that the router knows and this list does not. */
export function unasked(): string[] {
  const { routes } = createApp({} as Parameters<typeof createApp>[0]);
  return routes.map(({ path }) => path).filter((path) => !(path in QUERIES));
}

/** All that its paths and its stream say, by where it stands. */
export async function said(scope: Scope, service: Service, asked: Asked): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [path, query] of Object.entries(QUERIES))
    if (query !== null) found.set(path, await bodyOf(service, path, query(asked)));
  found.set('stream', await streamed(scope, service, asked));
  found.set('stream.ndjson', await linesOf(service));
  // What the page copies for a ticket.
  const { rows } = await service.snapshot('incidents');
  found.set('Markdown', rows.map(incidentMarkdown).join('\n'));
  return found;
}

/** What the commands print of it, by their words. */
export async function printedBy(service: Service): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [command, lines] of Object.entries(LINES))
    for (const line of lines ?? [])
      found.set([command, ...line].join(' '), await printed(service, command, line));
  return found;
}

async function bodyOf(service: Service, path: string, query: Record<string, string>): Promise<string> {
  const url = new URL(`${path}?${new URLSearchParams(query)}`, service.url);
  const response = await fetch(url, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${text}`);
  return text;
}

async function printed({ url }: Service, command: string, line: Line): Promise<string> {
  const attached = 'connect' in COMMANDS[command as CommandName].options ? ['--connect', url] : [];
  const { stdout, stderr } = await cli([command, ...line, ...attached]);
  return stdout + stderr;
}

const isTold = (events: readonly ConnectionEvent[], type: string) =>
  events.some((event) => event.type === type);

/** Every frame, until all topics have spoken, and of connections that were made, closed, and failed. */
async function streamed(scope: Scope, service: Service, { budget }: Asked): Promise<string> {
  const socket = new WebSocket(new URL('/api/v1/stream', service.url.replace('http', 'ws')), 'portchurn.v1');
  scope.use({ end: async () => socket.terminate() });
  await once(socket, 'open');
  const frames: string[] = [];
  const missing = new Set<string>([...TOPICS, 'established', 'closed', 'failed']);
  const done = new Promise<void>((resolve, reject) => {
    socket.on('message', (data) => {
      const text = String(data);
      frames.push(text);
      const frame = JSON.parse(text) as { type: string; sub?: string; events?: ConnectionEvent[] };
      if (frame.type === 'error') reject(new Error(text));
      if (frame.sub !== undefined) missing.delete(frame.sub);
      for (const type of [...missing]) if (isTold(frame.events ?? [], type)) missing.delete(type);
      if (missing.size === 0) resolve();
    });
    const never = () => reject(new Error(`nothing came of ${[...missing].join(' ')}`));
    socket.on('close', never);
    setTimeout(never, PATIENCE_MS).unref();
  });
  for (const topic of TOPICS)
    socket.send(
      JSON.stringify({ type: 'subscribe', sub: topic, topic, ...(topic === 'ports' && { budget }) }),
    );
  await done;
  return frames.join('\n');
}

/** Events as lines, until some have come. */
async function linesOf({ url }: Service): Promise<string> {
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const { body } = await fetch(`${url}api/v1/stream.ndjson?topic=events`, { signal });
  let text = '';
  for await (const part of body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(part).toString();
    if (text.includes('"failed"')) break;
  }
  ending.abort();
  return text;
}
