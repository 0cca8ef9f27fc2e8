/**
 * Body of GET /healthz: how the tracer is, and what cannot be seen for now, why, and what mends it. Schema first, as
 * everywhere in the protocol. Enters: nothing. Leaves: schema and types for the engine, publish, tests and the page.
 */
import { type Static, Type } from 'typebox';
import { MODES, Problem, VERDICT_PATHS } from './frames.js';

const Count = Type.Integer({ minimum: 0 });

export const HealthBody = Type.Object({
  status: Type.Enum(['ok', 'degraded']),
  mode: Type.Enum([...MODES]),
  verdictPath: Type.Enum([...VERDICT_PATHS]),
  /** For as long as the service runs. */
  limits: Type.Array(Problem),
  /** Tracepoints and iterators of the kernel that are in use. */
  hooks: Type.Array(Type.String()),
  lost: Type.Object({ ring: Count, recursion: Count }),
  coverage: Type.Union([Type.Number(), Type.Null()]),
  auditAgeMs: Type.Union([Type.Number(), Type.Null()]),
  /** For now. */
  problems: Type.Array(Problem),
});
export type HealthBody = Static<typeof HealthBody>;
