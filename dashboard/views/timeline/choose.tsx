/** Which budget the timeline shows. In: the budgets. Out: a choice. */
import { useComputed } from '@preact/signals';
import { useMemo, useState } from 'preact/hooks';
import type { BudgetRow } from '../../../src/protocol/rows.js';
import { budgets, netns, netnsWords, now } from '../../state/model.js';
import { chosenBudget } from '../../state/rows/incidents.js';
import { withHistory } from '../../state/timeline/choice.js';
import { choice, choose, shown, shownRow } from '../../state/timeline/timeline.js';
import { budgetWords } from '../../text/chart-words.js';
import { endpoint, foreign } from '../../text/format.js';

const CHOICES_MS = 10_000;
const TIGHTEST = 'tightest';
const TOTALS = 'totals';

/** In an option's value a budget's key has a word before it, so that it cannot be mistaken for one of the other two. */
export function Choose() {
  const value =
    choice.value === 'tightest'
      ? TIGHTEST
      : choice.value.budget === null
        ? TOTALS
        : `key ${choice.value.budget}`;
  const take = (next: string) => {
    if (next === TIGHTEST) choose('tightest');
    else choose({ budget: next === TOTALS ? null : next.slice('key '.length) });
  };
  const [visits, setVisits] = useState(0);
  const visit = () => setVisits(visits + 1);
  const rows = useChoices(visits);
  const word = chosenBudget.value !== null && chosenBudget.value === shown.value ? 'incident' : TIGHTEST;
  /* All namespaces may have the same addresses. */
  const of = netnsWords(shownRow.value?.netnsId ?? null);
  return (
    <select
      aria-label="What the timeline shows"
      value={value}
      onFocus={visit}
      onPointerEnter={visit}
      onChange={({ currentTarget }) => take(currentTarget.value)}
    >
      <option value={TIGHTEST}>{`${word}: ${nameOf(shown.value)}${of === null ? '' : ` in ${of}`}`}</option>
      {netns.value === null ? <option value={TOTALS}>all destinations</option> : null}
      <Unlisted rows={rows} />
      {rows.map((row) => (
        <option key={row.key} value={`key ${row.key}`}>
          {budgetWords(row, netnsWords(row.netnsId))}
        </option>
      ))}
    </select>
  );
}

/** What was chosen by a link, or is not among the tightest any more, has to be in the list all the same. */
function Unlisted({ rows }: { rows: readonly BudgetRow[] }) {
  const key = choice.value === 'tightest' ? null : choice.value.budget;
  if (key === null || rows.some((row) => row.key === key)) return null;
  return <option value={`key ${key}`}>{nameOf(key)}</option>;
}

/**
 * The budgets that can be chosen. Among many budgets the tightest ones change all the time: the list is made anew when a
 * budget comes or goes, when pointer or focus comes to the list, and every ten seconds.
 */
function useChoices(visits: number): BudgetRow[] {
  const size = useComputed(() => budgets.value.rows.size).value;
  const turn = useComputed(() => Math.floor(now.value / CHOICES_MS)).value;
  return useMemo(() => withHistory(budgets.peek().rows), [size, turn, visits]);
}

/** Its destination only: there is little room. An empty budget has no row any more, but its key ends with the destination. */
function nameOf(key: string | null): string {
  if (key === null) return 'all destinations';
  return shownRow.value === undefined
    ? foreign(key.slice(key.lastIndexOf('/') + 1))
    : endpoint(shownRow.value.destination);
}
