/**
 * Runs a program once, bounded in time and in what is kept of it. In: words, text for its standard input. Out: how it ended. It has a
 * process group of its own, so that what it starts ends with it.
 */
import { spawn } from 'node:child_process';

/** Kept of what the program writes to stderr, characters. */
const MOST_SAID = 500;

export interface ProgramRun {
  /** A program and its arguments. */
  readonly words: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: string;
  readonly timeMs: number;
  /** Ends it before its time. */
  readonly stop: AbortSignal;
}

export interface ProgramEnd {
  /** Null: it did not end by itself, or never ran. */
  readonly code: number | null;
  /** Why it did not run: the error's code. */
  readonly error: string | null;
  /** It was ended because its time was over. */
  readonly late: boolean;
  readonly stderr: string;
}

export async function runProgram({ words, env, input, timeMs, stop }: ProgramRun): Promise<ProgramEnd> {
  const [file, ...args] = words;
  const child = spawn(file, args, { env, stdio: ['pipe', 'ignore', 'pipe'], detached: true });
  const time = AbortSignal.timeout(timeMs);
  const end = () => endGroup(child.pid);
  for (const signal of [time, stop]) signal.addEventListener('abort', end, { once: true });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(0, MOST_SAID);
  });
  child.stdin.on('error', () => undefined); // It need not read all of it.
  child.stdin.end(input);
  const { code, error } = await ended(child);
  stop.removeEventListener('abort', end);
  time.removeEventListener('abort', end);
  return { code, error, late: time.aborted, stderr };
}

type Ended = Pick<ProgramEnd, 'code' | 'error'>;

function ended(child: ReturnType<typeof spawn>): Promise<Ended> {
  return new Promise((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => resolve({ code: null, error: error.code ?? null }));
    child.on('exit', (code) => resolve({ code, error: null }));
  });
}

function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {} // It has just ended by itself.
}
