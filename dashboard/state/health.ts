/**
 * What the service cannot see, for now or ever: requested every so often while there is a link. In: the link, the clock.
 * Out: problems.
 */
import { computed, effect, signal } from '@preact/signals';
import type { Problem } from '../../src/protocol/frames.js';
import { skewOf } from '../text/skew.js';
import { hello, link, now, service } from './model.js';

const EVERY_MS = 10_000;

const told = signal<readonly Problem[]>([]);
/** Of the service that this page came from: the first that it talked to. */
const version = signal<string | null>(null);

export const problems = computed(() => [
  ...skewOf(version.value, hello.value?.version ?? null),
  ...told.value,
]);

const due = computed(() => (link.value.phase === 'open' ? Math.floor(now.value / EVERY_MS) : null));

export function startHealth(): void {
  effect(() => {
    if (version.peek() === null && hello.value !== null) version.value = hello.value.version;
  });
  effect(() => {
    if (due.value !== null && !document.hidden) void ask();
  });
}

/** Without an answer the last one stays: the link says that it is old. */
async function ask(): Promise<void> {
  try {
    const { limits = [], problems: passing = [] } = await service.health();
    told.value = [...limits, ...passing];
  } catch {
    // The link is about to say so.
  }
}
