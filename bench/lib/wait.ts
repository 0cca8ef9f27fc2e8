/** Waiting: for a time that is measured, or for what the kernel does not announce. */
import { setTimeout as pause } from 'node:timers/promises';

export { pause };

const POLL_MS = 20;

export async function until(check: () => boolean, what: string, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!check()) {
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
    await pause(POLL_MS);
  }
}
