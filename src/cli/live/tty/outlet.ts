/**
 * Writing to a terminal that may not take it (Ctrl-S, an ssh that stands still), without waiting for it: Node's own stdout stands still with its
 * terminal, and with it keys and signals. In: texts. Out: bytes; whether all were taken. What is not taken yet is kept, and tried again.
 */
import { closeSync, constants, openSync, writeSync } from 'node:fs';

/** Between two attempts, ms: nothing says when a terminal takes something again. */
const RETRY_MS = 50;

/** Writes some of the bytes, and returns how many. Throws EAGAIN when there is no room, another error when the terminal has gone. */
export type Put = (bytes: Uint8Array) => number;

export interface OutletEvents {
  /** All was taken, after some of it had to wait. */
  onReady(): void;
  /** Nothing can be written any more. */
  onGone(): void;
}

export class Outlet {
  #rest: Uint8Array = new Uint8Array();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isGone = false;
  #onTaken: () => void = () => undefined;

  constructor(
    private readonly put: Put,
    private readonly events: OutletEvents,
  ) {}

  /** Bytes that wait. */
  get waiting(): number {
    return this.#rest.length;
  }

  write(text: string): void {
    if (this.#isGone) return;
    this.#rest = Buffer.concat([this.#rest, Buffer.from(text)]);
    this.#push();
  }

  /** In place of what waits. CAN ends the escape sequence that it may have been cut in (ECMA-48 8.3.6 and DEC STD 070). */
  writeInstead(text: string): void {
    const begun = this.#rest.length > 0 ? '\x18' : '';
    this.#rest = new Uint8Array();
    this.write(begun + text);
  }

  /** Resolves when nothing waits any more, or nothing can be written. */
  taken(): Promise<void> {
    if (this.#rest.length === 0) return Promise.resolve();
    return new Promise((done) => {
      this.#onTaken = done;
    });
  }

  /** For a process that ends now: stands still until all is taken, or the time is over. */
  flush(ms: number): void {
    for (const end = Date.now() + ms; this.#rest.length > 0 && Date.now() < end; this.#push())
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS / 5);
  }

  #push(): void {
    try {
      while (this.#rest.length > 0) this.#rest = this.#rest.subarray(this.put(this.#rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') this.#retryLater();
      else this.#end();
    }
    if (this.#rest.length === 0) this.#onTaken();
  }

  #retryLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#rest.length === 0) return;
      this.#push();
      if (this.#rest.length === 0 && !this.#isGone) this.events.onReady();
    }, RETRY_MS);
  }

  #end(): void {
    this.#isGone = true;
    this.#rest = new Uint8Array();
    this.events.onGone();
  }
}

/**
 * Opened anew, so that only this program's writes do not wait: whoever else has this terminal is not concerned. Where it cannot be opened
 * (another user's), writes wait as they always did.
 */
export function putTo(fd: number): { put: Put; close(): void } {
  try {
    const own = openSync(
      `/proc/self/fd/${fd}`,
      constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
    return { put: (bytes) => writeSync(own, bytes), close: () => closeSync(own) };
  } catch {
    return { put: (bytes) => writeSync(fd, bytes), close: () => undefined };
  }
}
