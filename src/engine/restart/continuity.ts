/**
 * One run of the service after another: hands what the last one left to the diagnosis and the tables, and writes it down for the next.
 * In: a state directory. Out: files in it, soon after an incident changed, every few seconds while one goes on, and at the end: a run that is
 * killed loses little. What cannot be saved is a line in the log, and never the end of the service.
 */
import type { Logger } from 'pino';
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
  /** What could not be saved last. */
  private readonly failing = new Set<string>();

  constructor(
    private readonly state: StateDirectory,
    private readonly diagnosis: Diagnosis,
    private readonly aggregator: Aggregator,
    private readonly log: Pick<Logger, 'warn'>,
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
    const { isNew } = this;
    this.isNew = false;
    this.ticks = 0;
    this.attempt('incidents', () => this.save(isNew, now));
  }

  private save(isNew: boolean, now: number): boolean {
    const { saved } = this.diagnosis;
    const goesOn = saved.lasting.length > 0;
    if (isNew || goesOn) this.state.saveIncidents(saved);
    if (goesOn && this.saves++ % OWNERS_EVERY === 0) this.saveOwners(now);
    return true;
  }

  /** Unix ms. */
  end(now: number): void {
    const { sockets, savedOwners } = this.aggregator;
    this.hasEnded = true;
    this.attempt('incidents and owners', () => {
      this.state.saveAll(this.diagnosis.saved, [...ownersNow(sockets, now), ...savedOwners.left(now)]);
      return true;
    });
  }

  /** A million connections are read in many turns of the event loop. */
  private saveOwners(now: number): void {
    if (this.isReading) return;
    this.isReading = true;
    const { sockets, savedOwners } = this.aggregator;
    const reading = ownersOf(sockets, now);
    const proceed = (): boolean => {
      const { done, value } = reading.next();
      if (done === true) this.state.saveOwners([...value, ...savedOwners.left(now)]);
      return done === true;
    };
    const turn = () => {
      if (this.hasEnded) return;
      if (this.attempt('owners of connections', proceed) === 'goes-on') setImmediate(turn);
      else this.isReading = false;
    };
    turn();
  }

  /** What fails is logged once, until it works again. @param work whether it is done */
  private attempt(what: string, work: () => boolean): 'done' | 'goes-on' | 'failed' {
    try {
      if (!work()) return 'goes-on';
      this.failing.delete(what);
      return 'done';
    } catch (err) {
      if (!this.failing.has(what)) this.log.warn({ err }, `${what}: not saved, a restart will forget them`);
      this.failing.add(what);
      return 'failed';
    }
  }
}
