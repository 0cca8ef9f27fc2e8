/**
 * What goes wrong in publish ticks and must not end the process: a table that cannot be collected, a tick that breaks off.
 * Enters: how each attempt ended. Leaves: a log line when a fault begins and when it ends; whether there is any, which
 * /healthz says as `degraded`. Called by hub.ts.
 */
import type { Logger } from 'pino';

export class Faults {
  /** How often each has failed in a row. */
  readonly #counts = new Map<string, number>();

  constructor(private readonly log: Pick<Logger, 'error' | 'info'>) {}

  get any(): boolean {
    return this.#counts.size > 0;
  }

  /** Runs `attempt`; undefined: it threw. `what` names it in the log. */
  guard<T>(what: string, attempt: () => T): T | undefined {
    try {
      const result = attempt();
      this.#over(what);
      return result;
    } catch (error) {
      this.#failed(what, error);
      return undefined;
    }
  }

  /** A fault that stays is told once: ticks come every second. */
  #failed(what: string, error: unknown): void {
    const count = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, count);
    if (count === 1) this.log.error({ err: error, what }, 'publishing failed: what clients see is old');
  }

  #over(what: string): void {
    const times = this.#counts.get(what);
    if (times === undefined) return;
    this.#counts.delete(what);
    this.log.info({ what, times }, 'publishing works again: what changed meanwhile may be missing');
  }
}
