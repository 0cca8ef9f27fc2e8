/**
 * One run of the service after another: hands what the last one left to the diagnosis and the tables, and writes it down for the next.
 * In: a state directory. Out: files in it, soon after an incident changed, every ten seconds while one goes on, and at the end.
 */
import type { Aggregator } from '../../aggregate/ingest/aggregator.js';
import { OWNERS_MS, ownersNow } from '../../aggregate/reconcile/saved-owners.js';
import type { Diagnosis } from '../../diagnose/diagnosis.js';
import type { StateDirectory } from './state-directory.js';

/** Calls of `tick` from one save to the next. */
const EVERY = 10;

export class Continuity {
  private ticks = 0;
  private isNew = false;

  constructor(
    private readonly state: StateDirectory,
    private readonly diagnosis: Diagnosis,
    private readonly aggregator: Aggregator,
  ) {}

  /** Before the first event. Unix ms. */
  restore(now: number): void {
    const incidents = this.state.readIncidents();
    if (incidents !== null) this.diagnosis.restore(incidents, now);
    this.aggregator.savedOwners.load(this.state.readOwners(), now);
    setTimeout(() => this.aggregator.savedOwners.forget(), OWNERS_MS).unref();
  }

  /** An incident came into another state. */
  note(): void {
    this.isNew = true;
  }

  /** Once a second. */
  tick(): void {
    this.ticks += 1;
    if (!this.isNew && this.ticks < EVERY) return;
    const { saved } = this.diagnosis;
    if (this.isNew || saved.lasting.length > 0) this.state.saveIncidents(saved);
    this.isNew = false;
    this.ticks = 0;
  }

  /** Unix ms. */
  end(now: number): void {
    const { sockets, savedOwners } = this.aggregator;
    this.state.saveAll(this.diagnosis.saved, [...ownersNow(sockets, now), ...savedOwners.left(now)]);
  }
}
