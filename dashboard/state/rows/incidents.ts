/**
 * Which incident the page shows, and in what order all stand. In: incidents, findings, the verdict, choices. Out: signals. The order is held while
 * pointer or focus rests on the card, so that no button becomes another incident's.
 */
import { computed, effect, signal } from '@preact/signals';
import { byHarm } from '../../../src/forecast/harm.js';
import type { IncidentRow } from '../../../src/protocol/rows.js';
import { shownIncident } from '../../../src/view/incident.js';
import { type Ranking, rerank, unranked } from '../../../src/view/order.js';
import { findings, incidents, now, verdict } from '../model.js';

/** Pointer or focus is on the card. */
export const held = signal(false);
const chosen = signal<string | null>(null);
const ranking = signal<Ranking<IncidentRow>>(unranked());
const shownKey = signal<string | null>(null);

/** Those that go on or are easing, the worst first; one that ended while the order is held stays in its place. */
export const current = computed(() => ranking.value.rows.map((row) => incidents.value.get(row.key) ?? row));
export const shown = computed(() => current.value.find(({ key }) => key === shownKey.value) ?? null);
/** The budget of the incident that was chosen, as long as that is shown; null: none was chosen, or it is about no budget. */
export const chosenBudget = computed(() =>
  shown.value?.key === chosen.value ? (shown.value?.budget ?? null) : null,
);
/** Newest first. */
export const past = computed(() =>
  [...incidents.value.values()].filter(isOver).sort((a, b) => (b.until ?? b.since) - (a.until ?? a.since)),
);

/** Findings that belong to no incident: mostly advice before anything goes wrong. */
export const loose = computed(() =>
  findings.value.filter(({ incident, resolved }) => incident === null && resolved === null),
);

const isOver = ({ state }: IncidentRow) => state === 'over';

/** The one that the verdict is about comes first: both must speak of the same. */
function worstFirst(a: IncidentRow, b: IncidentRow): number {
  const worst = verdict.peek()?.incident;
  return Number(b.key === worst) - Number(a.key === worst) || byHarm(a, b);
}

export function startIncidents(): void {
  effect(() => {
    const lasting = [...incidents.value].filter(([, row]) => !isOver(row));
    const moment = { now: now.value, held: held.value, forced: verdict.value === null };
    ranking.value = rerank(ranking.peek(), new Map(lasting), worstFirst, moment);
  });
  effect(() => {
    const choice = { chosen: chosen.value, shown: shownKey.peek(), held: held.value };
    shownKey.value = shownIncident(ranking.value.rows, choice);
  });
}

export function choose(key: string): void {
  chosen.value = key;
}
