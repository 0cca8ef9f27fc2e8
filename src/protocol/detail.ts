/**
 * Body of GET /api/v1/flow: details of one flow that its row does not carry. Made on request only. In: nothing. Out: schema
 * and types.
 */
import { type Static, Type } from 'typebox';
import { ProcessRef } from './rows.js';

/** Durations over the last 10 s by powers of two, shortest first, without gaps: [at most ms, connections]. */
export const Durations = Type.Array(Type.Tuple([Type.Number(), Type.Integer()]));
export type Durations = Static<typeof Durations>;

export const FlowDetail = Type.Object({
  /** Key of the flow. */
  key: Type.String(),
  /** Name of the owner's user in this machine's list of users; null: not in the list, or the owner is not known. */
  user: Type.Union([Type.String(), Type.Null()]),
  /** The owner's parent, its parent, and so on, as far as known. */
  ancestors: Type.Array(ProcessRef),
  /** Null: not measured, because too many flows are. Empty: nothing ended in this time. */
  lifetimeMs: Type.Union([Durations, Type.Null()]),
  connectMs: Type.Union([Durations, Type.Null()]),
});
export type FlowDetail = Static<typeof FlowDetail>;
