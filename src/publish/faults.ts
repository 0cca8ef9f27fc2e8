/**
 * Errors in publish ticks that must not end the process: a table that cannot be collected, a tick that breaks off. In: each
 * attempt. Out: a log line when a fault begins and one when it ends; whether there is any, which /healthz shows as
 * `degraded`.
 */
import type { Logger } from 'pino';

export class Faults {
  /** How often each operation has failed in a row. */
  readonly #counts = new Map<string, number>();

  constructor(private readonly log: Pick<Logger, 'error' | 'info'>) {}

  get any(): boolean {
    return this.#counts.size > 0;
  }

  /** Runs `attempt`; undefined: it threw. `operation` names it in the log. */
  guard<T>(operation: string, attempt: () => T): T | undefined {
    try {
      const result = attempt();
      this.#succeeded(operation);
      return result;
    } catch (error) {
      this.#failed(operation, error);
      return undefined;
    }
  }

  /** A fault that lasts is logged once: ticks come every second. */
  #failed(operation: string, error: unknown): void {
    const count = (this.#counts.get(operation) ?? 0) + 1;
    this.#counts.set(operation, count);
    if (count > 1) return;
    this.log.error({ err: error, what: operation }, 'publishing failed: what clients see is old');
  }

  #succeeded(operation: string): void {
    const times = this.#counts.get(operation);
    if (times === undefined) return;
    this.#counts.delete(operation);
    const message = 'publishing works again: what changed meanwhile may be missing';
    this.log.info({ what: operation, times }, message);
  }
}
