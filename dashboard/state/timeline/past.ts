/**
 * Fetches the history and keeps it going: all of it at first, then what is new. In: which budget, the service's clock.
 * Out: each new body through the callback; null when the service knows no such budget (any more).
 */
import type { HistoryBody } from '../../../src/protocol/history.js';
import { HISTORY_SECONDS } from '../../../src/protocol/names.js';
import { service } from '../model.js';
import { continued, lacking } from './history.js';

/** Notes may come late, about a time long past: everything is requested once in this time, ms. */
const WHOLE_EVERY_MS = 30_000;

export class Past {
  #body: HistoryBody | null = null;
  /** Undefined: nothing was requested yet. */
  #budget: string | null | undefined;
  #wholeAt = 0;
  #request: AbortController | null = null;

  constructor(private readonly onBody: (body: HistoryBody | null) => void) {}

  /** At most one request is under way: what a slow answer lacks comes with the next one. */
  ask(budget: string | null, now: number): void {
    if (budget !== this.#budget) this.#turnTo(budget);
    if (this.#request === null) void this.#fetch(budget, now);
  }

  #turnTo(budget: string | null): void {
    this.#request?.abort();
    this.#request = null;
    this.#budget = budget;
    this.#body = null;
  }

  async #fetch(budget: string | null, now: number): Promise<void> {
    const request = new AbortController();
    this.#request = request;
    const isWhole = this.#body === null || now - this.#wholeAt >= WHOLE_EVERY_MS;
    const seconds = isWhole ? HISTORY_SECONDS : lacking(this.#body, now);
    /* Undefined: no answer, or none that says anything about this budget. The link's state says why. */
    const answer = await service.history(budget, seconds, { signal: request.signal }).catch(() => undefined);
    if (this.#request !== request) return;
    this.#request = null;
    if (isWhole && answer !== undefined) this.#wholeAt = now;
    if (answer !== undefined) this.#take(answer);
  }

  #take(answer: HistoryBody | null): void {
    this.#body = answer && continued(this.#body, answer);
    this.onBody(this.#body);
  }
}
