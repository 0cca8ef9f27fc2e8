/**
 * The terminal while a live screen has it: alternate screen, no cursor, raw keys; whatever ends the process, it is given back as it
 * was, but for SIGKILL. A terminal that does not take what was written gets no more until it has: frames are left out, not kept.
 * In: a TTY pair. Out: keys, resizes; what was painted last is the caller's to know.
 */
import type { ReadStream, WriteStream } from 'node:tty';
import { ESCAPE_MS, type Input, KeyReader } from './keys.js';
import { Outlet, type Put } from './outlet.js';

/** Alternate screen, cursor off, bracketed paste on, no wrap at the right edge (xterm's ctlseqs, DEC private modes). */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?7l';
const LEAVE = '\x1b[?2026l\x1b[?7h\x1b[?2004l\x1b[?25h\x1b[m\x1b[?1049l';

/** How long a process that ends at once, or stops, waits for its terminal, ms. */
const LEAVE_MS = 1000;

export interface TerminalEvents {
  onInput(inputs: readonly Input[]): void;
  /** The size changed, or the screen is to be drawn anew. */
  onResize(): void;
  /** It takes frames again: the newest is due. */
  onReady(): void;
  /** There is no terminal any more. */
  onGone(): void;
}

/** A terminal's input, and its output twice: for its size, and to write without waiting. */
export interface Tty {
  readonly stdin: Pick<ReadStream, 'setRawMode' | 'setEncoding' | 'resume' | 'pause' | 'on' | 'off'>;
  readonly stdout: Pick<WriteStream, 'columns' | 'rows' | 'on' | 'off'>;
  readonly put: Put;
}

export class Terminal {
  private readonly stdin: Tty['stdin'];
  private readonly stdout: Tty['stdout'];
  readonly #reader = new KeyReader();
  readonly #outlet: Outlet;
  #escape: ReturnType<typeof setTimeout> | undefined;
  #entered = false;
  /** The newest text for the clipboard, while the terminal takes nothing. */
  #clip: string | null = null;

  constructor(
    { stdin, stdout, put }: Tty,
    private readonly events: TerminalEvents,
  ) {
    this.stdin = stdin;
    this.stdout = stdout;
    this.#outlet = new Outlet(put, { onReady: () => this.#onReady(), onGone: () => events.onGone() });
  }

  get width(): number {
    return Math.max(1, this.stdout.columns || 80);
  }

  get height(): number {
    return Math.max(1, this.stdout.rows || 24);
  }

  /** False while the terminal has not taken the frame before. */
  get ready(): boolean {
    return this.#entered && this.#outlet.waiting === 0;
  }

  enter(): void {
    process.on('exit', this.#onExit);
    process.on('SIGTSTP', this.suspend);
    process.on('SIGCONT', this.#resume);
    this.stdout.on('resize', this.events.onResize);
    this.stdin.on('data', this.#data);
    this.#take();
  }

  /** Resolves when the terminal has been given back: one that stands still takes that later. */
  async leave(): Promise<void> {
    this.#restore();
    this.stdout.off('resize', this.events.onResize);
    this.stdin.off('data', this.#data);
    clearTimeout(this.#escape);
    this.stdin.pause();
    process.off('SIGTSTP', this.suspend);
    process.off('SIGCONT', this.#resume);
    await this.#outlet.taken();
    process.off('exit', this.#onExit);
  }

  /** Only when it is ready. */
  draw(frame: string): void {
    this.#outlet.write(frame);
  }

  /** OSC 52 (xterm's ctlseqs): the terminal, also at the other end of ssh, puts it into its clipboard; at once or as soon as it takes something. */
  copy(text: string): void {
    this.#clip = `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`;
    if (this.ready) this.#sendClip();
  }

  /** Ctrl-Z: the shell gets its terminal as it was. */
  readonly suspend = (): void => {
    this.#restore();
    this.#outlet.flush(LEAVE_MS);
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
    this.#outlet.write(ENTER);
  }

  #restore(): void {
    if (!this.#entered) return;
    this.#entered = false;
    this.#clip = null;
    this.stdin.setRawMode(false);
    this.#outlet.writeInstead(LEAVE);
  }

  /** Also after an exception, which prints its message to the ordinary screen then. */
  readonly #onExit = (): void => {
    this.#restore();
    this.#outlet.flush(LEAVE_MS);
  };

  #onReady(): void {
    if (!this.#entered) return;
    if (this.#clip !== null) this.#sendClip();
    if (this.ready) this.events.onReady();
  }

  #sendClip(): void {
    const clip = this.#clip ?? '';
    this.#clip = null;
    this.#outlet.write(clip);
  }

  readonly #data = (piece: string): void => {
    clearTimeout(this.#escape);
    const inputs = this.#reader.read(piece);
    if (this.#reader.waits) {
      this.#escape = setTimeout(() => this.events.onInput(this.#reader.flush()), ESCAPE_MS);
    }
    if (inputs.length > 0) this.events.onInput(inputs);
  };
}
