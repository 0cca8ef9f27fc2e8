/**
 * A service of one's own, in a child process that listens on a private socket: a terminal that stands still must not stand in the way of
 * the tracer. It ends with whoever started it, also by SIGKILL. In: options of the tracer. Out: where it listens.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildService } from '../cli/backends.js';
import { httpClient, targetAtPath } from '../cli/source/target.js';
import { envName } from '../config/names.js';
import type { TracerValues } from '../config/tracer-options.js';
import { type ErrorCode, EXIT, PortchurnError } from '../protocol/errors.js';

const PREFIX = 'portchurn-top-';
/** On a loaded machine a start takes its time. */
const START_MS = 60_000;
const POLL_MS = 100;
/** A child that does not end by itself is ended. */
const END_MS = 5000;
/** What a service manager and a service before tell a service, and not its children. */
const NOT_INHERITED = /^(PORTCHURN_|NOTIFY_SOCKET$|WATCHDOG_|STATE_DIRECTORY$)/;

export async function startChildService(tracer: TracerValues): Promise<ChildService> {
  await sweep();
  const directory = await mkdtemp(join(tmpdir(), PREFIX)); // mode 0700
  const socket = join(directory, 'service.sock');
  const child = await started(socket, tracer);
  const lost = new AbortController();
  const complaint = complaintOf(child);
  child.once('exit', (code, signal) => lost.abort(ended(complaint(), code, signal)));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) await end(child);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await answering(socket, lost.signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return { socket, lost: lost.signal, stop };
}

/** Directories of those who were killed: they are empty, since the child takes its socket away. A new one is empty for a moment, too. */
async function sweep(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX));
  for (const path of names.map((name) => join(tmpdir(), name))) {
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > 2 * START_MS) await rmdir(path).catch(() => undefined);
  }
}

/** In a session of its own: keys of the terminal are not for it. setpriv(1) ends it with this process; where that is missing it starts without. */
async function started(socket: string, tracer: TracerValues): Promise<ChildProcess> {
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name));
  const options = Object.entries(tracer).map(([key, value]) => [envName(key), String(value)]);
  const env = { ...Object.fromEntries(inherited), ...Object.fromEntries(options) };
  const words = [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
  const serve = [...words, 'serve', '--listen', `unix:${socket}`, '--log-level', 'error'];
  const first = await spawned(['setpriv', '--pdeathsig', 'TERM', ...serve], env);
  return (
    first ?? (await spawned(serve, env)) ?? Promise.reject(new Error(`${process.execPath} cannot be started`))
  );
}

/** Null: there is no such program. */
async function spawned(
  [file = '', ...words]: string[],
  env: NodeJS.ProcessEnv,
): Promise<ChildProcess | null> {
  const child = spawn(file, words, { env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    await once(child, 'spawn');
    return child;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The end of what it wrote to stderr, without log lines. */
function complaintOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    text = (text + piece).slice(-4096);
  });
  return () =>
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('{'))
      .join('\n')
      .replace(/^portchurn: /, '');
}

function ended(complaint: string, code: number | null, signal: NodeJS.Signals | null): PortchurnError {
  const why = complaint === '' ? `it ended (${signal ?? `exit code ${code}`})` : complaint;
  const known = { [EXIT.privilege]: 'NOT_PERMITTED', [EXIT.kernel]: 'BPF_FAILED' } as const;
  return failed(why, known[code as keyof typeof known]);
}

function failed(why: string, code: ErrorCode = 'SERVICE_UNREACHABLE'): PortchurnError {
  return new PortchurnError(code, `the tracer of this screen: ${why}`, { hint: 'portchurn doctor' });
}

async function answering(socket: string, lost: AbortSignal): Promise<void> {
  const client = httpClient(targetAtPath(socket, null));
  for (const deadline = Date.now() + START_MS; Date.now() < deadline; await sleep(POLL_MS)) {
    lost.throwIfAborted();
    if ((await client.probe({ timeoutMs: 1000 })) === null) return;
  }
  throw failed(`it did not start within ${START_MS / 1000} s`);
}

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await exit;
  clearTimeout(kill);
}
