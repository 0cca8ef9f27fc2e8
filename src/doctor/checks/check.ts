/** One line of the doctor's report. In: what a check found. Out: a Result. */
import type { DoctorCheck, DoctorExit } from '../../protocol/doctor.js';

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
