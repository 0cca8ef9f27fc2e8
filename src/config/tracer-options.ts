/**
 * The options of the tracer, picked once: the service and the commands that trace by themselves hand them on as one object, so
 * that a new option is named here and where it is used. In: option values of a command. Out: TracerSettings.
 */
import type { ValuesOf } from './options.js';

export type TracerValues = Pick<ValuesOf<'top'>, 'noSyscalls' | 'portableVerdict' | 'redact' | 'ringBytes'>;

export interface TracerSettings {
  /** Attach system call tracepoints. */
  readonly syscalls: boolean;
  readonly portableVerdict: boolean;
  /** Hide command lines' arguments. */
  readonly redact: boolean;
  /** Bytes, a power of two. */
  readonly ringBytes: number;
}

export function tracerSettings(values: TracerValues): TracerSettings {
  const { noSyscalls, portableVerdict, redact, ringBytes } = values;
  return { syscalls: !noSyscalls, portableVerdict, redact, ringBytes };
}
