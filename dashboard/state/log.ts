/**
 * Keeps the event log: watches what the page knows, writes down what is new. In: the page's signals, the history of the
 * totals, whose notes concern every budget. Out: the journal, and what of it is shown.
 */
import { computed, effect, signal } from '@preact/signals';
import type { Link } from '../../src/client/link.js';
import {
  type Entry,
  type Journal,
  ofFailures,
  ofFindings,
  ofLink,
  ofNotes,
  ofRestart,
  ofVerdict,
  record,
  within,
} from './journal.js';
import { failures, findings, hello, link, machineVerdict, netns, scope, state, verdict } from './model.js';
import { Past } from './timeline/past.js';

export const journal = signal<Journal>([]);

const scopeId = computed(() => scope.value?.netnsId ?? undefined);
/** Of the namespace that the page is about, or of all. */
export const shownJournal = computed(() =>
  netns.value === null ? journal.value : within(journal.value, scopeId.value),
);
/** Of that namespace, which has no verdict of its own on the service: its moment is known by its level alone. */
const scopedLevel = computed(() => (netns.value === null ? null : (verdict.value?.level ?? null)));

/** Notes are no emergency: they are asked for every so often, ms. */
const NOTES_EVERY_MS = 5_000;

function write(entries: readonly Entry[]): void {
  journal.value = record(journal.peek(), entries);
}

const notes = new Past((body) => {
  if (body !== null) write(ofNotes(body.annotations));
});

const due = computed(() => {
  const { time } = state.value;
  return time === null ? null : Math.floor(time / NOTES_EVERY_MS) * NOTES_EVERY_MS;
});

export function startLog(): void {
  let linked: Link = link.peek();
  let epoch: string | null = null;
  effect(() => write(ofFindings(findings.value)));
  effect(() => write(ofFailures(failures.value.rows.values())));
  effect(() => write(ofVerdict(machineVerdict.value)));
  effect(() => {
    if (scopedLevel.value !== null && scopeId.value !== undefined)
      write(ofVerdict(verdict.peek(), scopeId.value));
  });
  effect(() => {
    if (due.value !== null) notes.ask(null, due.value);
  });
  effect(() => {
    write(ofLink(linked, link.value, Date.now()));
    linked = link.value;
  });
  effect(() => {
    if (hello.value === null) return;
    write(ofRestart(epoch, hello.value.epoch, Date.now()));
    epoch = hello.value.epoch;
  });
}
