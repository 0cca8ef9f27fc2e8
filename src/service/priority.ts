/**
 * A tracer that starves cannot say who starves the machine: `serve` asks for a larger share of a busy processor than others have
 * (docs/decisions/priority.md). In: the nice value that it was started with. Out: another one, where that is allowed.
 */
import { getPriority, setPriority } from 'node:os';

/** About three times the share of an ordinary process. */
export const NICE = -5;

/**
 * Of this thread and of those that it starts later; a restart keeps it. Whoever chose a nice value keeps that. Without
 * CAP_SYS_NICE nothing changes: systemd's unit sets it.
 */
export function raisePriority(): void {
  if (getPriority() !== 0) return;
  try {
    setPriority(NICE);
  } catch {
    /* Not allowed: it runs as every other process does. */
  }
}
