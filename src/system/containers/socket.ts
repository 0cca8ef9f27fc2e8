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
/** Most containers that are remembered. */
const LIMIT = 10_000;

export class RuntimeSocket {
  /** Why its last question had no answer; null: it had one, or none was asked yet. */
  trouble: string | null = null;
  private readonly known = new Map<string, ContainerFacts>();
  private readonly stopped = new AbortController();

  /**
   * @param heard of a container, by its id
   * @param firstPause ms
   */
  constructor(
    readonly path: string,
    private readonly heard: (id: string) => void,
    private readonly firstPause = PAUSE_MS,
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

  private readonly take: Heard = (id, facts) => {
    const [oldest] = this.known.keys();
    if (!this.known.has(id) && this.known.size >= LIMIT && oldest !== undefined) this.known.delete(oldest);
    this.known.set(id, facts);
    this.heard(id);
  };
}
