/**
 * Body of GET /api/v1/flow: what one row of the culprit table has no room for. Made when asked for, by nobody else.
 * Enters: nothing. Leaves: schema and types for aggregate, publish/http.ts, tests and the page.
 */
import { type Static, Type } from 'typebox';
import { ProcessRef } from './rows.js';

/** Durations over the last 10 s by powers of two, shortest first, without gaps: [at most ms, connections]. */
export const Durations = Type.Array(Type.Tuple([Type.Number(), Type.Integer()]));
export type Durations = Static<typeof Durations>;

export const FlowDetail = Type.Object({
  /** Key of the flow. */
  key: Type.String(),
  /** The owner's user by this machine's own list; null: not in it, or nobody knows the owner. */
  user: Type.Union([Type.String(), Type.Null()]),
  /** The owner's parent, its parent, and so on, as far as known. */
  ancestors: Type.Array(ProcessRef),
  /** Null: not measured, because too many flows are. Empty: nothing ended in this time. */
  lifetimeMs: Type.Union([Durations, Type.Null()]),
  connectMs: Type.Union([Durations, Type.Null()]),
});
export type FlowDetail = Static<typeof FlowDetail>;
