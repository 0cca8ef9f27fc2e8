/**
 * Names of containers from a runtime's socket, for whoever asked for that. In: its path. Out: a store that knows those that run, and why it does not.
 * One request at a time: the list, then what becomes of them, until the daemon ends that; then again, after a pause that grows.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerFacts } from '../parse/container.js';
import { type ApiError, type Asked, followContainers, type Heard, listContainers } from './api.js';
import type { Store } from './stores.js';

/** A daemon may have just been started by this request. */
const FIRST_WITHIN_MS = 10_000;
const WITHIN_MS = 2000;
const PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
const LIMIT = 10_000;

export class RuntimeSocket {
  /** Why its last question had no answer; null: it had one, or none was asked yet. */
  trouble: string | null = null;
  /** Containers that were pushed out by others, since the start. */
  evicted = 0;
  private readonly known = new Map<string, ContainerFacts>();
  private readonly stopped = new AbortController();

  /**
   * @param heard of a container, by its id
   * @param firstPause ms
   * @param limit most containers that are remembered
   */
  constructor(
    readonly path: string,
    private readonly heard: (id: string) => void,
    private readonly firstPause = PAUSE_MS,
    private readonly limit = LIMIT,
  ) {}

  readonly store: Store = async (id) => this.known.get(id) ?? null;

  start(): void {
    void this.run();
  }

  stop(): void {
    this.stopped.abort();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    let withinMs = FIRST_WITHIN_MS;
    let pause = this.firstPause;
    while (!signal.aborted) {
      const began = performance.now();
      await this.ask({ withinMs, signal });
      if (performance.now() - began > LONGEST_PAUSE_MS) pause = this.firstPause;
      withinMs = WITHIN_MS;
      await delay(pause, undefined, { signal, ref: false }).catch(() => {});
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Until there is no answer any more. */
  private async ask(asked: Asked): Promise<void> {
    const since = Math.floor(Date.now() / 1000);
    try {
      await listContainers(this.path, asked, this.take);
      this.trouble = null;
      await followContainers(this.path, since, asked, this.take);
    } catch (error) {
      if (!this.stopped.signal.aborted) this.trouble = (error as ApiError).code;
    }
  }

  private evict(): void {
    const [oldest] = this.known.keys();
    if (oldest !== undefined && this.known.delete(oldest)) this.evicted += 1;
  }

  private readonly take: Heard = (id, facts) => {
    if (!this.known.has(id) && this.known.size >= this.limit) this.evict();
    this.known.set(id, facts);
    this.heard(id);
  };
}
