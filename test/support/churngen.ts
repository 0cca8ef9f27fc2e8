/** The connection generator (test/tools/churngen) as a typed call. The build makes the binary. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Netns } from './netns.js';
import { type Running, start } from './process.js';
import type { Scope } from './scope.js';

const BINARY = fileURLToPath(new URL('../../out/tools/churngen', import.meta.url));

export type Policy = 'peer' | 'first' | 'reply' | 'reset' | 'never';

/** Flags of `churngen`, without dashes: `{ to: ['127.0.0.1:80'], count: 10, 'hold-ms': 50, mapped: true }`. */
export type Flags = Record<string, string | number | true | readonly string[]>;

/** What a generator says when it ends; counts of all its threads and children. */
export interface Summary {
  attempts: number;
  opened: number;
  failed: number;
  closed: number;
  sent: number;
  received: number;
  errors: Record<string, number>;
}

/** One line of the log. Times are CLOCK_MONOTONIC ns, 0n when it did not come to that. */
export interface LogRecord {
  role: 'client' | 'server';
  /** The call that failed, null when none did. */
  call: string | null;
  local: string;
  remote: string;
  pid: number;
  tid: number;
  closer: number;
  startNs: bigint;
  openNs: bigint;
  closeNs: bigint;
  errno: string | null;
  sent: number;
  received: number;
}

export class Generator {
  constructor(readonly process: Running) {}

  get pid(): number {
    return this.process.pid;
  }

  /** Lets a generator that was started with `gate` begin. */
  go(): void {
    this.process.write('\n');
  }

  /** The summary, when the work is done (with `stay` the process lives on). */
  async done(withinMs = 120_000): Promise<Summary> {
    const [line] = await this.process.printed(/^\{.*\}$/m, withinMs);
    return JSON.parse(line) as Summary;
  }

  /** Ends a server, or a client before its time. */
  async stop(): Promise<Summary> {
    this.process.signal('SIGTERM');
    return this.done();
  }
}

/** Ready when it listens on every address; `listen` is "ADDR:PORT" or "ADDR:PORT=policy". */
export async function churnServer(
  scope: Scope,
  netns: Netns,
  listen: readonly string[],
  flags: Flags = {},
): Promise<Generator> {
  const process = await start(scope, [binary(), 'server', ...toWords({ ...flags, listen })], { netns });
  await process.printed(/^ready .*\n/m);
  return new Generator(process);
}

/** Starts at once, or, with `gate: true`, when told to (its pid is known before its first connection). */
export async function churnClient(scope: Scope, netns: Netns, flags: Flags): Promise<Generator> {
  const process = await start(scope, [binary(), 'client', ...toWords(flags)], { netns });
  if (flags.gate) await process.printed(/^ready .*\n/m);
  return new Generator(process);
}

export function readLog(path: string): LogRecord[] {
  return readFileSync(path, 'utf8').split('\n').filter(Boolean).map(parseLine);
}

function parseLine(line: string): LogRecord {
  const [role, call, local, remote, pid, tid, closer, start, open, close, errno, sent, received] = line.split(
    '\t',
  ) as [LogRecord['role'], ...string[]];
  return {
    role,
    call: known(call),
    local: local as string,
    remote: remote as string,
    pid: Number(pid),
    tid: Number(tid),
    closer: Number(closer),
    startNs: BigInt(start as string),
    openNs: BigInt(open as string),
    closeNs: BigInt(close as string),
    errno: known(errno),
    sent: Number(sent),
    received: Number(received),
  };
}

const known = (text: string | undefined) => (text === undefined || text === '-' ? null : text);

export function binary(): string {
  if (!existsSync(BINARY)) throw new Error('out/tools/churngen is missing: npm run build');
  return BINARY;
}

function toWords(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    if (value === true) return [`--${name}`];
    return [value].flat().flatMap((one) => [`--${name}`, String(one)]);
  });
}
