/**
 * The real service, and the real command line, as a user runs them. A service must end with exit code 0 on SIGTERM:
 * every test that uses one checks that.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RowOf, TableTopic } from '../../src/protocol/frames.js';
import type { FlowRow } from '../../src/protocol/rows.js';
import type { Health } from '../../src/protocol/source.js';
import { heldPrograms } from './held.js';
import type { Netns } from './netns.js';
import { patient } from './patience.js';
import { type Finished, type Running, run, type StartOptions, start } from './process.js';
import type { Ending, Scope } from './scope.js';
import { Stream } from './stream.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BIN = `${ROOT}bin/portchurn.js`;

export interface TableBody<Row> {
  rows: Row[];
  total: number;
  other: unknown;
}

export type Query = Record<string, string | number>;

export class Service implements Ending {
  constructor(
    readonly process: Running,
    readonly url: string,
  ) {}

  get pid(): number {
    return this.process.pid;
  }

  /** The body of `GET path`; throws on another status than 200. */
  async get<T>(path: string, query: Query = {}): Promise<T> {
    const words = Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]);
    const url = new URL(`${path}?${new URLSearchParams(words)}`, this.url);
    // A connection of its own: the server ends an idle one after 5 s, maybe just as it is used again.
    const headers = { connection: 'close' };
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(patient(60_000)) });
    if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async snapshot<T extends TableTopic>(topic: T, query: Query = {}): Promise<TableBody<RowOf<T>>> {
    const body = await this.get<{ topics: Record<T, TableBody<RowOf<T>>> }>('/api/v1/snapshot', {
      topic,
      ...query,
    });
    return body.topics[topic];
  }

  async flows(query: Query = {}): Promise<FlowRow[]> {
    return (await this.snapshot('flows', query)).rows;
  }

  stream(scope: Scope): Promise<Stream> {
    return Stream.open(scope, this.url);
  }

  /** Closes that the kernel has not shown so far (docs/decisions/hidden-tasks.md). */
  async missedCloses(): Promise<number> {
    return (await this.get<Health>('/healthz')).lost.recursion;
  }

  /** Resident memory, bytes. */
  memory(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  programs(): string[] {
    return heldPrograms(this.pid);
  }

  /** Nothing to check when the test has ended it already. */
  async end(): Promise<void> {
    if (!this.process.running) return;
    const done = await this.process.stop('SIGTERM');
    if (done.code !== 0) throw this.process.complaint(`ended with ${done.code ?? done.signal}, not 0`);
  }
}

/** Listens on a free port of loopback unless `flags` say otherwise. */
export const serviceWords = (...flags: string[]): string[] =>
  portchurn('serve', ...(flags.includes('--listen') ? [] : ['--listen', '127.0.0.1:0']), ...flags);

/** Ready when its URL stands on stdout. */
export const startService = (scope: Scope, ...flags: string[]): Promise<Service> =>
  serviceBy(scope, serviceWords(...flags));

/** One that shows and speaks of this namespace alone: others may use the machine too. */
export const serviceOf = (scope: Scope, netns: Netns, ...flags: string[]): Promise<Service> =>
  startService(scope, '--filter', `netns:${netns.inode}`, ...flags);

/** Started by `words`, which become the service in the end. */
export async function serviceBy(scope: Scope, words: string[], options: StartOptions = {}): Promise<Service> {
  const running = await start(scope, words, { cwd: ROOT, ...options });
  const [url] = await running.printed(/^http:\/\/\S+$/m);
  return scope.use(new Service(running, url));
}

/** The words of `portchurn …`. */
export const portchurn = (...words: string[]): string[] => [process.execPath, BIN, ...words];

/** Runs `portchurn …` to its end. */
export function cli(words: string[], options: StartOptions & { withinMs?: number } = {}): Promise<Finished> {
  return run(portchurn(...words), options);
}
