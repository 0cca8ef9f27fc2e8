/**
 * The parts of the process that a command may use: two outputs, the environment, and one signal to stop. Injected, so that
 * tests run commands in-process.
 */
import type { ReadStream, WriteStream } from 'node:tty';

export interface Output {
  /** Does not wait for the reader. Nothing written is lost: the process leaves only when all of it was taken. */
  write(text: string): unknown;
  /** About how many bytes the reader has not taken yet. */
  readonly waiting: number;
  /** Resolves when the reader has taken all that was written, or has gone. */
  taken(): Promise<void>;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** A signal, or `pipe`: nothing can be written to stdout any more, mostly because its reader has gone. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'pipe';

export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin?: Pick<NodeJS.ReadableStream, 'once'>;
  /** Where both stdin and stdout are a terminal: for a screen that reads keys. */
  readonly terminal?: { readonly stdin: ReadStream; readonly stdout: WriteStream };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts once; its `reason` is a StopReason. */
  readonly stop: AbortSignal;
  /** Sets what SIGHUP does instead of stopping; a terminal that was closed stops the command nevertheless. */
  onHangUp?(reload: () => void): void;
  /** First lines of the log. */
  readonly warnings?: readonly string[];
}

/** A message for a person, on stderr, since stdout carries data. */
export function say(io: Io, text: string): void {
  io.stderr.write(`portchurn: ${text}\n`);
}

/** Resolves when `signal` aborts, at once if it has. Its listener stays until then: not for what is waited for again and again. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener('abort', () => done(), { once: true }));
}

/** Resolves after `ms`, or earlier when `signal` aborts. Leaves neither timer nor listener behind. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return earlier(signal, (done) => {
    const timer = setTimeout(done, ms);
    return () => clearTimeout(timer);
  });
}

/** Resolves when the reader has taken all that was written, or earlier when `signal` aborts. Leaves no listener behind. */
export function taken(out: Output, signal: AbortSignal): Promise<void> {
  return earlier(signal, (done) => {
    out.taken().then(done, done);
    return null;
  });
}

/** @param begin what is awaited; gives what ends the wait, where something has to be ended */
function earlier(signal: AbortSignal, begin: (done: () => void) => (() => void) | null): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      end?.();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const end = begin(finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}
