/**
 * What the service cannot see, for now or ever: requested every so often while there is a link. In: the link, the clock.
 * Out: problems.
 */
import { computed, effect, signal } from '@preact/signals';
import type { Problem } from '../../src/protocol/frames.js';
import { link, now, service } from './model.js';

const EVERY_MS = 10_000;

export const problems = signal<readonly Problem[]>([]);

const due = computed(() => (link.value.phase === 'open' ? Math.floor(now.value / EVERY_MS) : null));

export function startHealth(): void {
  effect(() => {
    if (due.value !== null && !document.hidden) void ask();
  });
}

/** Without an answer the last one stays: the link says that it is old. */
async function ask(): Promise<void> {
  try {
    const { limits = [], problems: passing = [] } = await service.health();
    problems.value = [...limits, ...passing];
  } catch {
    // The link is about to say so.
  }
}
