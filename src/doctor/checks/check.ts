/** One line of the doctor's report. In: what a check found. Out: a Result. */
export type DoctorExit = 0 | 1 | 69 | 77;

export interface DoctorCheck {
  /** Stable: scripts may rely on it. */
  id: string;
  title: string;
  status: 'ok' | 'warn' | 'fail';
  detail: string;
  /** What to type or change, one step per line; null when nothing is to be done. */
  fix: string | null;
}

/** `exit`: what the program ends with when this check fails. */
export interface Result extends DoctorCheck {
  exit: DoctorExit;
}

export function ok(id: string, title: string, detail: string): Result {
  return { id, title, status: 'ok', detail, fix: null, exit: 0 };
}

/** Tracing works, but something is lost. */
export function warn(id: string, title: string, detail: string, fix: string): Result {
  return { id, title, status: 'warn', detail, fix, exit: 0 };
}

/** Tracing does not work. */
export function fail(exit: DoctorExit, id: string, title: string, detail: string, fix: string): Result {
  return { id, title, status: 'fail', detail, fix, exit };
}
