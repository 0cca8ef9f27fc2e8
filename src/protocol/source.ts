/**
 * The interface between engine and publish: tables that report their changes, a stream of events, health.
 */
import type { FlowDetail } from './detail.js';
import type { RowOf, TableTopic } from './frames.js';
import type { HealthBody } from './health.js';
import type { AnnotationSubject, HistoryBody, NoteOf } from './history.js';
import type { PortMap } from './ports/schema.js';
import type { ConnectionEvent, Remedy } from './rows.js';

export interface Changes<Row> {
  /** Whole rows, new or changed. */
  set: Row[];
  /** Keys of rows that are gone. */
  del: string[];
}

export interface TableSource<T extends TableTopic> {
  /** The changes since the previous call; the first call gives all rows. Runs once per publish tick. `now`: Unix ms. */
  collect(now: number): Changes<RowOf<T>>;
}

export interface EventInterest {
  /** Events of every process; otherwise only those of `pids`. */
  all: boolean;
  /** Processes to trace in the kernel: connects and raw transitions too. */
  pids: readonly number[];
}

export interface EventSource {
  /** Replaces the previous interest; null: no event is needed, so no event object is built. */
  listen(
    interest: EventInterest | null,
    listener: (events: readonly ConnectionEvent[], dropped: number) => void,
  ): void;
}

/** Publish adds the version. */
export type Health = Omit<HealthBody, 'version'>;

export interface HistorySource {
  /**
   * The last `seconds` seconds of one budget, or of the totals when `budget` is null; of the annotations, those whose subject
   * `shows` admits and those that concern everything, with the incidents that `incidentOf` gives. Null: there is no such budget.
   */
  body(
    budget: string | null,
    seconds: number,
    shows?: (subject: AnnotationSubject) => boolean,
    incidentOf?: NoteOf,
  ): HistoryBody | null;
}

export interface PortSource {
  /** Whether there is a budget with this key. Bind pools have no map. */
  has(budget: string): boolean;
  /** Every port of its range as it is now, in slices; null: there is no such budget any more. `now`: Unix ms. */
  map(budget: string, now: number): Iterator<void, PortMap | null>;
}

/** Settings that somebody thinks of; null: as it is. */
export interface WantedSettings {
  /** net.ipv4.ip_local_port_range, inclusive. */
  readonly range: readonly [number, number] | null;
  readonly twReuse: number | null;
}

/** A histogram of durations since the start. */
export interface DurationCounts {
  /** Upper bounds in seconds, ascending. */
  bounds: readonly number[];
  /** How many durations were at most as long as each bound. */
  upTo: readonly number[];
  count: number;
  sumSeconds: number;
}

export interface Source {
  tables: { [T in TableTopic]?: TableSource<T> };
  events: EventSource;
  /** Absent: this source keeps no history. */
  history?: HistorySource;
  /** Absent: this source does not know single ports. */
  ports?: PortSource;
  /** Details of one flow; null: there is no such flow. Absent: this source has no details. `now`: Unix ms. */
  flowDetail?(key: string, now: number): FlowDetail | null;
  /**
   * How to set these where a budget is, with undo; null: there is no such budget, or nothing would change. Absent: this source advises
   * nothing.
   */
  change?(budget: string, wanted: WantedSettings): Remedy | null;
  /** Durations from SYN to ESTABLISHED. Absent: this source does not measure them. */
  connectDurations?(): DurationCounts;
  /** Number of events since the start. Absent: this source has no events. */
  eventsSeen?(): number;
  /** Names of containers that a full table has lost to newer ones, since the start. Absent: this source names no containers. */
  containerNamesEvicted?(): number;
  /** Null once the tracer has stopped. */
  health(): Health | null;
}
