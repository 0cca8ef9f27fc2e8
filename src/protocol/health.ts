/**
 * Body of GET /healthz: how the tracer is, and what cannot be seen for now, why, and what mends it. Schema first, as
 * everywhere in the protocol. Enters: nothing. Leaves: schema and types for the engine, publish, tests and the page.
 */
import { type Static, Type } from 'typebox';
import { MODES } from './frames.js';

/** `fix` is a sentence or a command; null: it passes by itself. */
export const Problem = Type.Object({
  what: Type.String(),
  why: Type.String(),
  fix: Type.Union([Type.String(), Type.Null()]),
});
export type Problem = Static<typeof Problem>;

const Count = Type.Integer({ minimum: 0 });

export const HealthBody = Type.Object({
  status: Type.Enum(['ok', 'degraded']),
  mode: Type.Enum([...MODES]),
  verdictPath: Type.Enum(['ehash', 'portable']),
  lost: Type.Object({ ring: Count, recursion: Count }),
  coverage: Type.Union([Type.Number(), Type.Null()]),
  auditAgeMs: Type.Union([Type.Number(), Type.Null()]),
  problems: Type.Array(Problem),
});
export type HealthBody = Static<typeof HealthBody>;
