/**
 * What rules see and what they say. Tables are the current rows, flows already grouped by who makes them (actors.ts);
 * facts are what rows do not show. A rule is pure: the same input gives the same candidates. reducer.ts makes findings of
 * them. Types only.
 */
import type { Changes } from '../forecast/projection.js';
import type { AnyRow } from '../protocol/frames.js';
import type {
  BudgetRow,
  Confidence,
  Evidence,
  FailureRow,
  Fix,
  Place,
  ProcessInfo,
  Remedy,
  Severity,
  TotalsRow,
} from '../protocol/rows.js';
import type { Runtime } from './runtime.js';

/** Connections of one flow that stand still. */
export interface Standing {
  /** Established for longer than a request takes. */
  steady: number;
  closeWait: number;
  /** FIN_WAIT2, mini-sockets included. */
  finWait2: number;
  /** Held ports that bind() chose, TIME_WAIT entries included. */
  bound: number;
}

/** All connections of one process, or of one program's processes, in one direction with one destination. */
export interface Actor extends Standing {
  readonly key: string;
  readonly netns: number | null;
  readonly netnsId: string | null;
  readonly direction: 'out' | 'in' | null;
  readonly destination: Place;
  /** Without pid where it stands for many. */
  readonly process: ProcessInfo;
  readonly program: string | null;
  /** Processes it stands for, as far as they have rows. */
  readonly processes: number;
  /** Of these, the first ones that have a row of their own. */
  readonly pids: readonly number[];
  /** Unix ms; unknown is 0. */
  readonly firstSeen: number;
  established: number;
  timeWait: number;
  portsHeld: number;
  opened: number;
  closed: number;
  closedFirst: number;
  /** Of those opened, the ones whose SYN was sent again. */
  slowConnects: number;
  /** Over the last ten seconds. */
  openPerSec: number;
  slowPerSec: number;
  /** Seconds of these in which any were opened. */
  busySeconds: number;
  /** Of the closes of the last ten seconds, or of all when there was none, those that we began: 0 to 1; null: nothing closed. */
  firstShare: number | null;
  /** Medians, ms. */
  lifetimeMs: number | null;
  connectMs: number | null;
}

/** What is spoken of: findings and the verdict are made of rows that it shows, and are about nothing else. */
export interface Scope {
  shows(row: AnyRow): boolean;
  /** Namespaces have names that may be known later than their rows. */
  learn(totals: readonly TotalsRow[]): void;
}

export interface Tables {
  readonly actors: readonly Actor[];
  readonly budgets: readonly BudgetRow[];
  readonly failures: readonly FailureRow[];
  readonly totals: readonly TotalsRow[];
  /** The fullest budget of each destination, by placeKey (churn-severity.ts). */
  readonly fullest: ReadonlyMap<string, BudgetRow>;
  /** Actors, budgets and failures are those that a scope shows, not all. Totals are all: rules read settings there. */
  readonly isScoped: boolean;
  /** Unix ms. */
  readonly time: number;
}

/** The first and the last of some ports in a row. */
export type PortSpan = readonly [number, number];

/** Who holds ports of one budget. */
export interface BudgetHolder {
  readonly process: ProcessInfo;
  readonly program: string | null;
  readonly ports: number;
}

/** Local ports of a namespace that are spoken for. */
export interface PortUse {
  /** net.ipv4.ip_local_reserved_ports; ascending. */
  readonly reserved: readonly PortSpan[];
  /** On which something listens. */
  readonly listening: readonly number[];
}

export interface Facts {
  /** Closes per second that skipped TIME_WAIT for want of buckets, by key of `totals`; in a scope, of those that it shows. */
  readonly overflowPerSec: ReadonlyMap<string, number>;
  /** The runtime that a process carries inside, by its file and the libraries it has mapped; null: none, or not known. */
  runtimeOf(process: ProcessInfo): Runtime | null;
  /** Null: not known. */
  portsOf(netnsId: string | null): PortUse | null;
  /** All holders of a budget, by its key, where actors say more: those toward one place may be of several source addresses. Null: not known. */
  holdersOf(budget: string): readonly BudgetHolder[] | null;
}

/** A sysctl below net.ipv4 that a remedy sets. */
export interface Setting {
  readonly name: string;
  readonly value: string;
  /** As it is now. */
  readonly before: string;
}

/** What to do now. Only a change of settings has the parts that may be missing. */
export type Advice = Omit<Remedy, 'snippet' | 'language'> &
  Partial<Pick<Remedy, 'snippet' | 'language'>> & {
    /** The last one is what it is about. */
    readonly settings?: readonly Setting[];
    /** For the what-if. */
    readonly change?: Partial<Changes>;
  };

/** What to change in the application, or where it runs: more room ends no cause, and the least of it is nearest. */
export type Cure = Fix & { readonly change?: Partial<Changes>; readonly headroom?: 'range' | 'addresses' };

export interface Candidate {
  /** Which thing this is about: the same from second to second. */
  readonly key: string;
  readonly rule: string;
  readonly severity: Severity;
  /** Orders candidates of one rule: what does more harm goes first. */
  readonly weight: number;
  /** A cause is shown before its effect: lower goes first among equal severities. */
  readonly priority: number;
  /** Too little to begin a finding, enough that one which is there goes on. */
  readonly onlyGoesOn: boolean;
  /** Seconds of evidence before it is shown. */
  readonly appearAfter: number;
  readonly confidence: Confidence;
  readonly confidenceReason: string;
  readonly title: string;
  readonly evidence: readonly Evidence[];
  readonly doNow: readonly Advice[];
  readonly fixForGood: readonly Cure[];
  readonly findLine: readonly Fix[];
  readonly process: ProcessInfo;
  readonly program: string | null;
  readonly destination: Place;
  readonly netns: number | null;
  readonly netnsId: string | null;
}

export type Rule = (tables: Tables, facts: Facts) => Candidate[];
