/**
 * The terminal while a live screen has it: alternate screen, no cursor, raw keys; whatever ends the process, it is given back as it
 * was, but for SIGKILL. A terminal that does not take what was written gets no more until it has: frames are left out, not kept.
 * In: a TTY pair. Out: keys, resizes; what was painted last is the caller's to know.
 */
import type { ReadStream, WriteStream } from 'node:tty';
import { ESCAPE_MS, type Input, KeyReader } from './keys.js';

/** Alternate screen, cursor off, bracketed paste on, no wrap at the right edge (xterm's ctlseqs, DEC private modes). */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?7l';
const LEAVE = '\x1b[?2026l\x1b[?7h\x1b[?2004l\x1b[?25h\x1b[m\x1b[?1049l';

export interface TerminalEvents {
  onInput(inputs: readonly Input[]): void;
  /** The size changed, or the screen is to be drawn anew. */
  onResize(): void;
}

export class Terminal {
  readonly #reader = new KeyReader();
  #escape: ReturnType<typeof setTimeout> | undefined;
  #entered = false;
  #blocked = false;

  constructor(
    private readonly stdin: ReadStream,
    private readonly stdout: WriteStream,
    private readonly events: TerminalEvents,
  ) {}

  get width(): number {
    return Math.max(1, this.stdout.columns || 80);
  }

  get height(): number {
    return Math.max(1, this.stdout.rows || 24);
  }

  /** False while the terminal has not taken the frame before. */
  get ready(): boolean {
    return this.#entered && !this.#blocked;
  }

  enter(): void {
    process.on('exit', this.#restore);
    process.on('SIGTSTP', this.suspend);
    process.on('SIGCONT', this.#resume);
    this.stdout.on('resize', this.events.onResize);
    this.stdin.on('data', this.#data);
    this.#take();
  }

  leave(): void {
    this.#restore();
    process.off('exit', this.#restore);
    process.off('SIGTSTP', this.suspend);
    process.off('SIGCONT', this.#resume);
    this.stdout.off('resize', this.events.onResize);
    this.stdin.off('data', this.#data);
    clearTimeout(this.#escape);
    this.stdin.pause();
  }

  write(text: string): void {
    this.#blocked = !this.stdout.write(text);
    if (this.#blocked) {
      this.stdout.once('drain', () => {
        this.#blocked = false;
      });
    }
  }

  /** Ctrl-Z: the shell gets its terminal as it was. */
  readonly suspend = (): void => {
    this.#restore();
    process.kill(process.pid, 'SIGSTOP');
  };

  readonly #resume = (): void => {
    this.#take();
    this.events.onResize();
  };

  #take(): void {
    if (this.#entered) return;
    this.#entered = true;
    this.stdin.setRawMode(true);
    this.stdin.setEncoding('utf8');
    this.stdin.resume();
    this.stdout.write(ENTER);
  }

  /** Also on exit after an exception, which prints its message to the ordinary screen then. */
  readonly #restore = (): void => {
    if (!this.#entered) return;
    this.#entered = false;
    this.stdin.setRawMode(false);
    this.stdout.write(LEAVE);
  };

  readonly #data = (piece: string): void => {
    clearTimeout(this.#escape);
    const inputs = this.#reader.read(piece);
    if (this.#reader.waits) {
      this.#escape = setTimeout(() => this.events.onInput(this.#reader.flush()), ESCAPE_MS);
    }
    if (inputs.length > 0) this.events.onInput(inputs);
  };
}
