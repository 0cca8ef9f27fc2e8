/**
 * What the timeline shows, as the address says it at first. In: choices. Out: signals that the address is made of, too (model.ts).
 */
import { computed, signal } from '@preact/signals';
import type { Span } from '../../charts/span.js';
import { type Choice, placeOf } from '../place.js';

const opened = placeOf(location.search);

/** What the user wants to see: a budget's key, the totals, or whatever is tightest. */
export const choice = signal<Choice>(opened.budget);
export const tightest = signal<string | null>(null);
/** Key of the budget shown; null: the totals. */
export const shown = computed(() => (choice.value === 'tightest' ? tightest.value : choice.value.budget));
/** The span zoomed into; null: live. */
export const zoom = signal<Span | null>(opened.zoom);

/** The namespace that the page is about: its id, inode or name; null: the whole machine. */
export const netns = signal<string | null>(opened.netns);

/** A link to a span is a link to the budget that is seen there, though that was not chosen. */
export const linked = (): Choice =>
  choice.value === 'tightest' && zoom.value !== null && shown.value !== null
    ? { budget: shown.value }
    : choice.value;
