/**
 * Frames on their way into one socket. In: frames, of which large ones come in chunks. Out: parts, in order, as the socket takes them:
 * one chunk in a turn of the event loop, since thousands of rows of every client would hold it.
 */
import type { FrameText } from '../../query/frame-text.js';

/** A text, or one that is made while it is sent; `head` stands before it. */
export type Frame = string | { readonly head: string; readonly text: FrameText };

export interface Sink {
  /** The last part of a frame ends it. */
  write(part: string | Buffer, isLast: boolean): void;
  /** Takes nothing now; proceed() is called when it does again. */
  readonly isFull: boolean;
  /** A frame could not be made: what the client has is not what it was promised. */
  broken(error: unknown): void;
}

export class Outbox {
  #queue: Frame[] = [];
  /** Chunks of the first frame that were written; null: not even its head. */
  #written: number | null = null;
  #next: NodeJS.Immediate | null = null;

  constructor(private readonly sink: Sink) {}

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Throws what a text throws that cannot be made; then the socket has to be given up. */
  push(frame: Frame): void {
    this.#queue.push(frame);
    this.#proceed();
  }

  proceed(): void {
    try {
      this.#proceed();
    } catch (error) {
      this.clear();
      this.sink.broken(error);
    }
  }

  #proceed(): void {
    while (this.#next === null && this.#queue[0] !== undefined && !this.sink.isFull)
      this.#write(this.#queue[0]);
  }

  /** Nobody takes it any more. */
  clear(): void {
    this.#queue = [];
    if (this.#next !== null) clearImmediate(this.#next);
    this.#next = null;
  }

  #write(frame: Frame): void {
    if (typeof frame === 'string') {
      this.#queue.shift();
      this.sink.write(frame, true);
      return;
    }
    const at = this.#written ?? 0;
    const part = frame.text.chunk(at);
    if (at === 0) this.sink.write(frame.head, false);
    this.#written = at + 1;
    const isLast = !frame.text.has(at + 1);
    if (isLast) {
      this.#queue.shift();
      this.#written = null;
    } else this.#rest();
    this.sink.write(part, isLast);
  }

  #rest(): void {
    this.#next = setImmediate(() => {
      this.#next = null;
      this.proceed();
    });
  }
}
