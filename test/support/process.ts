/**
 * Real programs: started, known by pid, ready by an event (a line they print), collected, ended. Every wait is bounded
 * and a failure shows what the program said. A program dies with the test run, whatever happens to that.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Netns } from './netns.js';
import { patient } from './patience.js';
import type { Ending, Scope } from './scope.js';

/** For a program to say or do the next thing: several may start at once, on a machine that is busy otherwise. */
const WITHIN_MS = 60_000;

export interface StartOptions {
  netns?: Netns;
  /** A user name; root otherwise. */
  user?: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** It is the first of a process group of its own, and SIGKILL ends all of that: a program that starts others, which may outlive it. */
  group?: boolean;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Finished extends Exit {
  pid: number;
  stdout: string;
  stderr: string;
}

export class Running implements Ending {
  stdout = '';
  stderr = '';
  readonly pid: number;
  readonly exited: Promise<Exit>;
  private exit: Exit | undefined;

  constructor(
    readonly title: string,
    private readonly child: ChildProcess,
    private readonly group = false,
  ) {
    this.pid = child.pid as number;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    child.stdin?.on('error', () => {}); // the program has closed its stdin: its exit code tells
    this.exited = once(child, 'close').then(([code, signal]) => {
      this.exit = { code: code as number | null, signal: signal as NodeJS.Signals | null };
      return this.exit;
    });
  }

  get running(): boolean {
    return this.exit === undefined;
  }

  write(text: string): void {
    this.child.stdin?.write(text);
  }

  closeInput(): void {
    this.child.stdin?.end();
  }

  /** Waits until the output (stdout or stderr) matches, and gives the match. Rejects when the program ends before that. */
  printed(pattern: RegExp, withinMs = WITHIN_MS): Promise<RegExpMatchArray> {
    const find = () => this.stdout.match(pattern) ?? this.stderr.match(pattern);
    return this.until(find, `print ${pattern}`, withinMs);
  }

  /** Waits until `find`, called now and at each piece of output, gives something; `what` says what is waited for. */
  async until<T>(find: () => T | null | false, what: string, withinMs = WITHIN_MS): Promise<T> {
    const deadline = AbortSignal.timeout(patient(withinMs));
    for (;;) {
      const found = find();
      if (found !== null && found !== false) return found;
      if (!this.running) throw this.complaint(`ended and did not ${what}`);
      await this.moreOutput(deadline).catch(() => {
        throw this.complaint(`did not ${what} within ${withinMs} ms`);
      });
    }
  }

  /** Waits for the end; rejects, and kills, when it does not come. */
  async finished(withinMs: number): Promise<Finished> {
    const late = this.complaint(`did not end within ${withinMs} ms`);
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.signal('SIGKILL');
        reject(late);
      }, patient(withinMs));
    });
    const exit = await Promise.race([this.exited, timeout]).finally(() => clearTimeout(timer));
    return { ...exit, pid: this.pid, stdout: this.stdout, stderr: this.stderr };
  }

  signal(signal: NodeJS.Signals): void {
    if (this.group && signal === 'SIGKILL') this.killGroup();
    else if (this.running) this.child.kill(signal);
  }

  /** The first one may have ended, and others of the group hold its output. */
  private killGroup(): void {
    try {
      if (this.running) process.kill(-this.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** Ends the program by a signal it handles; a program that ignores it is an error. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', withinMs = 15_000): Promise<Finished> {
    this.signal(signal);
    return this.finished(withinMs);
  }

  async end(): Promise<void> {
    if (this.running) await this.stop();
  }

  complaint(what: string): Error {
    const tail = (text: string) => text.slice(-2000);
    return new Error(`${this.title} ${what}\nstdout: ${tail(this.stdout)}\nstderr: ${tail(this.stderr)}`);
  }

  private async moreOutput(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const any = AbortSignal.any([signal, stop.signal]);
    const output = [this.child.stdout, this.child.stderr].flatMap((stream) =>
      stream ? [once(stream, 'data', { signal: any })] : [],
    );
    const waits = [...output, this.exited];
    for (const wait of waits) wait.catch(() => {});
    await Promise.race(waits).finally(() => stop.abort());
  }
}

/** Starts a program. Its pid is the program's own: the wrappers replace themselves. */
export async function start(scope: Scope, words: string[], options: StartOptions = {}): Promise<Running> {
  const running = scope.use(await launch(words, options));
  return running;
}

/** Runs a program to its end. The exit code is the caller's to judge. */
export async function run(
  words: string[],
  options: StartOptions & { withinMs?: number } = {},
): Promise<Finished> {
  const running = await launch(words, options);
  running.closeInput();
  return running.finished(options.withinMs ?? 60_000);
}

/** Like run, and throws unless the exit code is 0. */
export async function must(
  words: string[],
  options: StartOptions & { withinMs?: number } = {},
): Promise<Finished> {
  const done = await run(words, options);
  if (done.code === 0) return done;
  throw new Error(`${words.join(' ')}: exit ${done.code ?? done.signal}\n${done.stdout}\n${done.stderr}`);
}

async function launch(words: string[], options: StartOptions): Promise<Running> {
  const as = options.user
    ? [`--reuid=${options.user}`, `--regid=${groupOf(options.user)}`, '--init-groups']
    : [];
  const bound = ['setpriv', '--pdeathsig=KILL', ...as, '--', ...words];
  const [file, ...args] = (options.netns ? options.netns.words(...bound) : bound) as [string, ...string[]];
  const { cwd, env, group = false } = options;
  const child = spawn(file, args, { cwd, env, stdio: 'pipe', detached: group });
  await once(child, 'spawn');
  const running = new Running(words.join(' '), child, group);
  if (group) endsWithUs(running);
  return running;
}

/** A group of its own gets no Ctrl-C of the terminal, and setpriv speaks for its first process alone. */
function endsWithUs(running: Running): void {
  const end = () => running.signal('SIGKILL');
  process.once('exit', end);
  running.exited.then(() => process.off('exit', end));
}

const groupOf = (user: string) => execFileSync('id', ['-g', user], { encoding: 'utf8' }).trim();
