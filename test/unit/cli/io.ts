/** An Io for tests: what a command wrote, and a way to stop it. Output can be awaited, so that no test sleeps. */
import type { Io, StopReason } from '../../../src/cli/io.js';

export class Captured implements Io {
  readonly stdout: Sink;
  readonly stderr = new Sink();
  readonly #stopping = new AbortController();

  constructor(
    readonly env: Record<string, string> = {},
    terminal: { columns: number } | null = null,
  ) {
    this.stdout = new Sink(terminal?.columns);
  }

  get stop(): AbortSignal {
    return this.#stopping.signal;
  }

  interrupt(reason: StopReason = 'SIGINT'): void {
    this.#stopping.abort(reason);
  }
}

export class Sink {
  text = '';
  /** What a test says that the reader has not taken. */
  waiting = 0;
  readonly isTTY: boolean;
  readonly #waiting = new Set<() => void>();

  constructor(readonly columns?: number) {
    this.isTTY = columns !== undefined;
  }

  write(text: string): boolean {
    this.text += text;
    for (const check of this.#waiting) check();
    return true;
  }

  async taken(): Promise<void> {}

  /** Resolves with the match as soon as the text has one. */
  has(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((done) => {
      const check = () => {
        const match = pattern.exec(this.text);
        if (!match) return;
        this.#waiting.delete(check);
        done(match);
      };
      this.#waiting.add(check);
      check();
    });
  }
}
