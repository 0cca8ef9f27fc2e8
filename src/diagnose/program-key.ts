/**
 * Which rows are of one program, although their processes live: those that would be rolled up into one when they have ended. Two
 * services of one interpreter are two. In: rows. Out: a key of fixed length, which stands in keys of findings. Pure.
 */
import { createHash } from 'node:crypto';
import type { ProcessInfo } from '../protocol/rows.js';

const DIGITS = 16;

interface Known {
  readonly program: string | null;
  readonly key: string;
}
/** Rows of one process share its object, from second to second. */
const known = new WeakMap<ProcessInfo, Known>();

/** What is not known equals nothing that is. */
export function programKey(process: ProcessInfo, program: string | null): string {
  const before = known.get(process);
  if (before !== undefined && before.program === program) return before.key;
  const { exe, name, script, parent, cgroup, unit } = process;
  const parts = JSON.stringify([exe, name, script, program, parent.comm, cgroup, unit]);
  const key = createHash('sha256').update(parts).digest('hex').slice(0, DIGITS);
  known.set(process, { program, key });
  return key;
}
