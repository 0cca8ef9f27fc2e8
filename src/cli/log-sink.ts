/**
 * Where log lines go: written at once, so that the last line before an exit is there. A line that cannot be written (a full
 * disk, a pipe that nobody reads) is dropped and counted: it neither ends the service nor holds it up. The first line that is
 * written again comes after one that says how many are missing.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { printableTexts } from './screen/text.js';

/** Writes to `fd`, at once; throws the errors of write(2). Gives the bytes that were written. */
export type Write = (fd: number, bytes: Uint8Array) => number;

/** As pino's `warn`. */
const WARN = 40;

export class LogSink {
  private lost = 0;
  private reason = '';
  /** The last line was written in part. */
  private broken = false;

  constructor(
    private readonly fd: number,
    private readonly writeTo: Write = writeSync,
  ) {}

  /** `json` ends with a newline. What it says of other processes is escaped as on a terminal. */
  write(json: string): void {
    const { lost } = this;
    const line = `${printableTexts(json.slice(0, -1))}\n`;
    if (!this.put(lost > 0 ? this.note() + line : line)) this.lost++;
    else if (lost > 0) this.lost = 0;
  }

  private put(text: string): boolean {
    const bytes = Buffer.from(this.broken ? `\n${text}` : text);
    let done = 0;
    try {
      while (done < bytes.length) done += this.writeTo(this.fd, bytes.subarray(done));
      this.broken = false;
    } catch (error) {
      this.broken ||= done > 0;
      this.reason = (error as NodeJS.ErrnoException).code ?? String(error);
    }
    return done === bytes.length;
  }

  private note(): string {
    const { lost, reason } = this;
    return `${JSON.stringify({ level: WARN, time: Date.now(), lost, reason, msg: 'lines of this log are missing' })}\n`;
  }
}

/** A pipe is opened once more, since the flag that keeps a full one from blocking is the pipe end's, which others may share. */
export function logFd(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return fd;
  }
}
