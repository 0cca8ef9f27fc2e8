/**
 * The background queue that completes what the kernel could not say of a process. In: a pid and its start. Out:
 * ProcFacts, by callback, in a later turn of the event loop. Bounded: what does not fit is refused and counted, and the
 * caller's row keeps its unknown parts.
 */
import { performance } from 'node:perf_hooks';
import type { ProcFacts } from './parse/process.js';
import { readProcess } from './proc.js';
import { SLICE_MS } from './slices.js';

/** Null: the process is gone, or its pid belongs to another one by now. */
export type IdentityCallback = (facts: ProcFacts | null) => void;

interface Request {
  pid: number;
  startTicks: number | null;
  callback: IdentityCallback;
}

export interface IdentityStats {
  waiting: number;
  /** Requests answered so far, with facts or with null. */
  done: number;
  /** Requests refused because the queue was full. */
  dropped: number;
}

export class IdentityQueue {
  private queue: Request[] = [];
  private at = 0;
  private done = 0;
  private dropped = 0;
  private turn: NodeJS.Immediate | null = null;

  constructor(private readonly options: { limit?: number; sliceMs?: number; root?: string } = {}) {}

  /**
   * Asks for the facts of the process that has this pid and started at these ticks (null: whichever has it).
   * False: the queue is full, the request is dropped and `callback` never called.
   */
  request(pid: number, startTicks: number | null, callback: IdentityCallback): boolean {
    if (this.waiting >= (this.options.limit ?? 4096)) {
      this.dropped += 1;
      return false;
    }
    this.queue.push({ pid, startTicks, callback });
    this.schedule();
    return true;
  }

  stats(): IdentityStats {
    return { waiting: this.waiting, done: this.done, dropped: this.dropped };
  }

  /** Forgets what waits; no callback is called any more. */
  close(): void {
    if (this.turn !== null) clearImmediate(this.turn);
    this.turn = null;
    this.queue = [];
    this.at = 0;
  }

  private get waiting(): number {
    return this.queue.length - this.at;
  }

  private schedule(): void {
    if (this.waiting > 0) this.turn ??= setImmediate(() => this.slice());
  }

  /** At least one request, so that a slow machine gets through too. A callback that throws loses only its own answer. */
  private slice(): void {
    this.turn = null;
    const end = performance.now() + (this.options.sliceMs ?? SLICE_MS);
    try {
      do this.answerNext();
      while (this.waiting > 0 && performance.now() < end);
    } finally {
      this.compact();
      this.schedule();
    }
  }

  private answerNext(): void {
    const request = this.queue[this.at];
    if (request === undefined) return;
    this.at += 1;
    this.done += 1;
    const facts = readProcess(request.pid, this.options.root);
    const same = request.startTicks === null || facts?.startTicks === request.startTicks;
    request.callback(same ? facts : null);
  }

  /** Cuts off the answered part of the array, which would otherwise grow. */
  private compact(): void {
    this.queue.splice(0, this.at);
    this.at = 0;
  }
}
