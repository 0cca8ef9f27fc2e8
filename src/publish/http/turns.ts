/**
 * Requests that come at once, one in each turn of the event loop: whoever sends thousands holds up neither the tracer, whose timers run between
 * two turns, nor a connection with one request, since of each connection one is answered before another's second. In: work of
 * connections. Out: the same work, later.
 */
import type { Socket } from 'node:net';

export class Turns {
  /** By connection, the one that is next first. Bounded by the number of connections and of requests that one may have. */
  readonly #waiting = new Map<Socket, (() => void)[]>();

  /** What is waiting when its connection has ended is never done. */
  later(socket: Socket, work: () => void): void {
    if (this.#waiting.size === 0) setImmediate(() => this.#next());
    const before = this.#waiting.get(socket);
    if (before === undefined) this.#waiting.set(socket, [work]);
    else before.push(work);
  }

  #next(): void {
    const work = this.#take();
    if (this.#waiting.size > 0) setImmediate(() => this.#next());
    work?.();
  }

  /** Those that are gone cost no turn. */
  #take(): (() => void) | undefined {
    for (const [socket, [first, ...rest]] of this.#waiting) {
      this.#waiting.delete(socket);
      if (socket.destroyed) continue;
      if (rest.length > 0) this.#waiting.set(socket, rest);
      return first;
    }
    return undefined;
  }
}
