/**
 * The doctor's report: body of `portchurn doctor -o json`. Plain types: it crosses no network, so nothing validates it.
 */

/** The exit codes that a report can lead to (src/protocol/errors.ts). */
export type DoctorExit = 0 | 1 | 69 | 77;

export interface DoctorCheck {
  /** Stable: scripts may search for it. */
  id: string;
  title: string;
  status: 'ok' | 'warn' | 'fail';
  detail: string;
  /** What to type or change, one step per line; null when nothing is to be done. */
  fix: string | null;
}

export interface DoctorReport {
  /** Nothing fails; warnings may remain. */
  ok: boolean;
  exitCode: DoctorExit;
  /** uname -r. */
  kernel: string;
  checks: DoctorCheck[];
}
