/**
 * Body of GET /api/v1/history: one number per second in each column, oldest first. In: nothing. Out: schema and types.
 */
import { type Static, Type } from 'typebox';
import type { Endpoint, ProcessInfo } from './rows.js';

/** Kinds of annotations beside the columns. */
export const ANNOTATION_KINDS = [
  'first-failure',
  'process-start',
  'process-exit',
  'sysctl-change',
  'namespace-start',
  'namespace-end',
  'events-lost',
] as const;
export type AnnotationKind = (typeof ANNOTATION_KINDS)[number];

/** What an annotation is about, as fields of rows have it: a filter is applied to this, since it cannot be applied to a text. */
export interface AnnotationSubject {
  readonly netns: number | null;
  readonly netnsId?: string;
  readonly direction?: 'out';
  readonly destination?: Endpoint;
  readonly process?: ProcessInfo;
  readonly errno?: string;
}

/**
 * The incident that an annotation belongs to. `budget`: key of the one that it concerns, or what ends in "/": of all whose keys begin so;
 * null: of all. `subject` null: it is about everything. Unix ms.
 */
export type NoteOf = (
  time: number,
  budget: string | null,
  subject: AnnotationSubject | null,
) => string | null;

/** One number per second; null: nothing was recorded in that second, or it is not known. */
const Column = Type.Array(Type.Union([Type.Number(), Type.Null()]));
export type Column = Static<typeof Column>;

export const Annotation = Type.Object({
  time: Type.Integer(),
  kind: Type.Enum([...ANNOTATION_KINDS]),
  text: Type.String(),
  /** Key of the incident that it belongs to; null: to none. */
  incident: Type.Union([Type.String(), Type.Null()]),
  /** The namespace that it is about; null: the whole machine. */
  netnsId: Type.Union([Type.String(), Type.Null()]),
});
export type Annotation = Static<typeof Annotation>;

export const HistoryBody = Type.Object({
  /** Key of the budget; null: totals. */
  budget: Type.Union([Type.String(), Type.Null()]),
  /** Unix ms at which the first column begins. */
  from: Type.Integer(),
  stepMs: Type.Literal(1000),
  /** Length of every column. */
  seconds: Type.Integer(),
  limit: Column,
  timeWait: Column,
  established: Column,
  /** Ports held in any other state. */
  other: Column,
  blocked: Column,
  opensPerSec: Column,
  /** By errno, of the errnos that occurred in this time; `other` sums those beyond the bound. */
  failuresPerSec: Type.Record(Type.String(), Column),
  /**
   * Ports held by program, in no order: at most eight, among them those that hold most. null: whose they are is not known. What is left of
   * the ports held belongs to others. Absent: of the totals.
   */
  owners: Type.Optional(
    Type.Array(Type.Object({ program: Type.Union([Type.String(), Type.Null()]), held: Column })),
  ),
  annotations: Type.Array(Annotation),
});
export type HistoryBody = Static<typeof HistoryBody>;
