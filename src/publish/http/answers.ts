/**
 * Large answers, bounded: few are made at a time, one of a connection, and the next of a connection when the one before was
 * taken. In: requests. Out: their answers, each when its turn has come. When clients together take too little, the
 * one that has waited longest is cut off: one that reads gets its answer whatever others do.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpBindings } from '@hono/node-server';

export interface AnswerLimits {
  /** Answers that are made at a time. */
  readonly made: number;
  /** Bytes of answers that were made and not taken. One larger answer is given nevertheless, alone. */
  readonly heldBytes: number;
}

const LIMITS: AnswerLimits = { made: 2, heldBytes: 32 * 2 ** 20 };

export class Answers {
  #made = 0;
  #heldBytes = 0;
  readonly #waiting: (() => void)[] = [];
  /** Bytes of each connection, the oldest answer first. */
  readonly #held = new Map<Socket, number>();
  /** The answer before was taken, or could not be made. */
  readonly #taken = new WeakMap<Socket, Promise<unknown>>();

  constructor(private readonly limits = LIMITS) {}

  /** What `make` gives; null when the client has left meanwhile. `bytesOf`: of it, about. Throws what `make` throws. */
  async give<T>(
    { incoming, outgoing }: HttpBindings,
    make: () => Promise<T>,
    bytesOf: (made: T) => number,
  ): Promise<T | null> {
    const { socket } = incoming;
    const before = this.#taken.get(socket) ?? Promise.resolve();
    const made = before.then(() => this.#whenFree(async () => (socket.destroyed ? null : make())));
    const taken = made.then(
      (answer) => (answer === null ? undefined : this.#hold(socket, outgoing, bytesOf(answer))),
      () => {},
    );
    this.#taken.set(socket, taken);
    return made;
  }

  async #whenFree<T>(work: () => Promise<T>): Promise<T> {
    if (this.#made >= this.limits.made) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#made++;
    try {
      return await work();
    } finally {
      // The place goes to the next one, if there is one.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#made--;
    }
  }

  /** Resolves when the answer was taken, or its connection is no more. */
  #hold(socket: Socket, outgoing: ServerResponse, bytes: number): Promise<void> {
    if (socket.destroyed) return Promise.resolve();
    this.#held.set(socket, bytes);
    this.#heldBytes += bytes;
    this.#cutOff(socket);
    return new Promise((resolve) => {
      const done = () => {
        socket.off('close', done);
        outgoing.off('finish', done);
        this.#release(socket);
        resolve();
      };
      socket.once('close', done);
      outgoing.once('finish', done);
    });
  }

  #release(socket: Socket): void {
    this.#heldBytes -= this.#held.get(socket) ?? 0;
    this.#held.delete(socket);
  }

  #cutOff(newest: Socket): void {
    for (const socket of this.#held.keys()) {
      if (this.#heldBytes <= this.limits.heldBytes || socket === newest) return;
      this.#release(socket);
      socket.destroy();
    }
  }
}
