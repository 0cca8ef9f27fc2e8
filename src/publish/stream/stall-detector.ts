/**
 * Detects a client that takes nothing of what it is sent. In: its socket, checked every few seconds. Out: true once it has
 * made no progress for 30 s.
 */
import type { Socket } from 'node:net';
import { STALL_MS } from '../../protocol/names.js';

/** How often connections are checked. */
export const WATCH_MS = 5000;
/** Bytes queued for a client beyond which no frame is made for it. */
export const HIGH_WATER = 256 * 1024;

/** Node's stream handle, which its own idle timer reads: only here does a large write in flight show its progress. */
interface WriteHandle {
  bytesWritten?: number;
  writeQueueSize?: number;
}

/** Bytes that the kernel has taken. */
function flushedBytes(socket: Socket): number {
  const handle = (socket as unknown as { _handle?: WriteHandle | null })._handle;
  if (handle?.bytesWritten === undefined || handle.writeQueueSize === undefined) {
    return socket.bytesWritten - socket.writableLength;
  }
  return handle.bytesWritten - handle.writeQueueSize;
}

export class StallDetector {
  #flushed = 0;
  /** Something came from the client since the last check. */
  #received = false;
  /** Milliseconds without progress. */
  #idle = 0;
  #checkedAt: number;

  /** `answersPings`: then an empty queue alone does not prove the client alive. Times are monotonic ms. */
  constructor(
    private readonly socket: Socket,
    private readonly answersPings: boolean,
    now: number,
  ) {
    this.#checkedAt = now;
  }

  /** The client sent something: a frame, or the answer to a ping. */
  received(): void {
    this.#received = true;
  }

  stalled(now: number): boolean {
    const flushed = flushedBytes(this.socket);
    const queued = this.socket.writableLength > 0;
    const alive = this.#received || (queued ? flushed !== this.#flushed : !this.answersPings);
    this.#flushed = flushed;
    this.#received = false;
    /* While the service itself was stopped (SIGSTOP, suspend) it read no answers: that time does not count. */
    const passed = Math.min(now - this.#checkedAt, 2 * WATCH_MS);
    this.#idle = alive ? 0 : this.#idle + passed;
    this.#checkedAt = now;
    return this.#idle >= STALL_MS;
  }
}
