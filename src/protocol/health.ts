/**
 * Body of GET /healthz: the state of the tracer; what cannot be observed at present, why, and how to fix it. In: nothing.
 * Out: schema and types.
 */
import { type Static, Type } from 'typebox';
import { MODES, Problem, VERDICT_PATHS } from './frames.js';
import { Lost } from './rows.js';

export const HealthBody = Type.Object({
  status: Type.Enum(['ok', 'degraded']),
  /** Of the service. */
  version: Type.String(),
  mode: Type.Enum([...MODES]),
  verdictPath: Type.Enum([...VERDICT_PATHS]),
  /** What cannot be observed for as long as the service runs. */
  limits: Type.Array(Problem),
  /** Tracepoints and iterators of the kernel that are in use. */
  hooks: Type.Array(Type.String()),
  lost: Lost,
  coverage: Type.Union([Type.Number(), Type.Null()]),
  auditAgeMs: Type.Union([Type.Number(), Type.Null()]),
  /** What cannot be observed at present. */
  problems: Type.Array(Problem),
});
export type HealthBody = Static<typeof HealthBody>;
