/**
 * Is a client still taking what it is sent? Enters: its socket, looked at every few seconds. Leaves: true once it has made
 * no progress for 30 s. Called by ws.ts and ndjson.ts.
 */
import type { Socket } from 'node:net';
import { STALL_MS } from '../../protocol/names.js';

/** How often connections are looked at. */
export const WATCH_MS = 5000;
/** Bytes queued beyond which nothing more is made for a client. */
export const HIGH_WATER = 256 * 1024;

/** What Node's own idle timer looks at: a large write in flight shows its progress only here. */
interface WriteHandle {
  bytesWritten?: number;
  writeQueueSize?: number;
}

function flushedBytes(socket: Socket): number {
  const handle = (socket as unknown as { _handle?: WriteHandle | null })._handle;
  if (handle?.bytesWritten === undefined || handle.writeQueueSize === undefined) {
    return socket.bytesWritten - socket.writableLength;
  }
  return handle.bytesWritten - handle.writeQueueSize;
}

export class StallDetector {
  #flushed = 0;
  #heard = false;
  /** Milliseconds without progress. */
  #idle = 0;
  #looked: number;

  /** `answers`: the client answers pings, so an empty queue alone does not prove it alive. Times are monotonic ms. */
  constructor(
    private readonly socket: Socket,
    private readonly answers: boolean,
    now: number,
  ) {
    this.#looked = now;
  }

  heard(): void {
    this.#heard = true;
  }

  stalled(now: number): boolean {
    const flushed = flushedBytes(this.socket);
    const queued = this.socket.writableLength > 0;
    const alive = this.#heard || (queued ? flushed !== this.#flushed : !this.answers);
    this.#flushed = flushed;
    this.#heard = false;
    /* While the service itself was stopped it listened to nobody: that time is not the client's. */
    const passed = Math.min(now - this.#looked, 2 * WATCH_MS);
    this.#idle = alive ? 0 : this.#idle + passed;
    this.#looked = now;
    return this.#idle >= STALL_MS;
  }
}
