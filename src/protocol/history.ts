/**
 * Body of GET /api/v1/history: columns of one second each, oldest first. Schema first, as everywhere in the protocol.
 * Enters: nothing. Leaves: schema and types for aggregate/history.ts, publish/http.ts, tests and the page.
 */
import { type Static, Type } from 'typebox';

/** What may be noted beside the columns. */
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

/** One number per second; null: nothing was recorded in that second, or it is not known. */
const Column = Type.Array(Type.Union([Type.Number(), Type.Null()]));
export type Column = Static<typeof Column>;

export const Annotation = Type.Object({
  time: Type.Integer(),
  kind: Type.Enum([...ANNOTATION_KINDS]),
  text: Type.String(),
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
  /** By errno, those that failed in this time; `other` sums what is beyond the bound. */
  failuresPerSec: Type.Record(Type.String(), Column),
  annotations: Type.Array(Annotation),
});
export type HistoryBody = Static<typeof HistoryBody>;
