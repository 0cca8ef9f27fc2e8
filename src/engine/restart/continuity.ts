/**
 * One run of the service after another: hands what the last one left to the diagnosis and the tables, and writes it down for the next.
 * In: a state directory. Out: files in it, soon after an incident changed, every few seconds while one goes on, and at the end: a run that is
 * killed loses little.
 */
import type { Aggregator } from '../../aggregate/ingest/aggregator.js';
import { OWNERS_MS, ownersNow, ownersOf } from '../../aggregate/reconcile/saved-owners.js';
import type { Diagnosis } from '../../diagnose/diagnosis.js';
import type { StateDirectory } from './state-directory.js';

/** Calls of `tick` from one save of incidents to the next. */
const EVERY = 3;
/** Owners are saved with each of so many saves of incidents. */
const OWNERS_EVERY = 3;

export class Continuity {
  private ticks = 0;
  private saves = 0;
  private isReading = false;
  private hasEnded = false;
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

  /** Once a second. Unix ms. */
  tick(now: number): void {
    this.ticks += 1;
    if (!this.isNew && this.ticks < EVERY) return;
    const { saved } = this.diagnosis;
    const goesOn = saved.lasting.length > 0;
    if (this.isNew || goesOn) this.state.saveIncidents(saved);
    if (goesOn && this.saves++ % OWNERS_EVERY === 0) this.saveOwners(now);
    this.isNew = false;
    this.ticks = 0;
  }

  /** Unix ms. */
  end(now: number): void {
    const { sockets, savedOwners } = this.aggregator;
    this.hasEnded = true;
    this.state.saveAll(this.diagnosis.saved, [...ownersNow(sockets, now), ...savedOwners.left(now)]);
  }

  /** A million connections are read in many turns of the event loop. */
  private saveOwners(now: number): void {
    if (this.isReading) return;
    this.isReading = true;
    const { sockets, savedOwners } = this.aggregator;
    const reading = ownersOf(sockets, now);
    const proceed = () => {
      if (this.hasEnded) return;
      const { done, value } = reading.next();
      if (done !== true) return void setImmediate(proceed);
      this.isReading = false;
      this.state.saveOwners([...value, ...savedOwners.left(now)]);
    };
    proceed();
  }
}
