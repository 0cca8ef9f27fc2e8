/**
 * What led here: ports held toward one budget's destination, and opens and failures per second, over fifteen minutes.
 */
import { useComputed } from '@preact/signals';
import { useMemo, useState } from 'preact/hooks';
import type { HistoryBody } from '../../../src/protocol/history.js';
import type { BudgetRow } from '../../../src/protocol/rows.js';
import { Chart } from '../../charts/chart.js';
import { liveSpan, portsChart, projected, ratesChart, zoomed } from '../../charts/curves.js';
import { withHistory } from '../../state/choice.js';
import { budgets, link, netnsWords, now } from '../../state/model.js';
import { choice, choose, past, shown, shownRow, zoom } from '../../state/timeline.js';
import { budgetWords, noteWords, portsSummary, ratesSummary } from '../../text/chart-words.js';
import { clock, endpoint, foreign, integer, rate } from '../../text/format.js';
import { waitingWords } from '../../text/link-words.js';

export function Timeline() {
  const body = past.value;
  return (
    <section class="panel timeline" aria-labelledby="timeline-title">
      <header>
        <h2 id="timeline-title">Timeline</h2>
        <Choose />
        <Zoomed />
        {body === null ? null : <Remark body={body} />}
      </header>
      {body === null ? <p class="empty">{waitingWords(link.value, now.value)}</p> : <Charts body={body} />}
    </section>
  );
}

function Charts({ body }: { body: HistoryBody }) {
  const row = shownRow.value;
  const ahead = projected(body, row);
  const span = zoom.value ?? liveSpan(body, ahead);
  const onZoom = (wanted: readonly [number, number]) => {
    zoom.value = zoomed(wanted) ?? zoom.value;
  };
  const common = { span, onZoom, onLive, notes: body.annotations };
  return (
    <div class="charts">
      <Chart
        {...common}
        id="ports-chart"
        title="Ports held"
        read={integer}
        data={portsChart(body, ahead)}
        summary={portsSummary(body, row)}
      />
      <Chart
        {...common}
        id="rates-chart"
        title="Per second"
        read={rate}
        data={ratesChart(body)}
        summary={ratesSummary(body)}
      />
    </div>
  );
}

function onLive(): void {
  zoom.value = null;
}

const CHOICES_MS = 10_000;
const TIGHTEST = 'tightest';
const TOTALS = 'totals';

/** In an option's value a budget's key has a word before it, so that it cannot be mistaken for one of the other two. */
function Choose() {
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
  return (
    <select
      aria-label="What the timeline shows"
      value={value}
      onFocus={visit}
      onPointerEnter={visit}
      onChange={({ currentTarget }) => take(currentTarget.value)}
    >
      <option value={TIGHTEST}>{`tightest: ${nameOf(shown.value)}`}</option>
      <option value={TOTALS}>all destinations</option>
      {rows.map((row) => (
        <option key={row.key} value={`key ${row.key}`}>
          {budgetWords(row, netnsWords(row.netnsId))}
        </option>
      ))}
    </select>
  );
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

function Zoomed() {
  if (zoom.value === null) return <p class="count">drag to zoom</p>;
  const [from, to] = zoom.value;
  return (
    <p class="count">
      {`${clock(from * 1000)} – ${clock(to * 1000)} `}
      <button type="button" title="Or double-click a chart" onClick={onLive}>
        Live again
      </button>
    </p>
  );
}

/** Why the chart is empty; else the newest note. All notes are in the event log. */
function Remark({ body }: { body: HistoryBody }) {
  const note = body.annotations.at(-1);
  if (body.timeWait.every((value) => value === null))
    return <p class="note">Nothing recorded: it is new, or too many others are fuller.</p>;
  if (note === undefined) return null;
  const { word, text } = noteWords(note);
  return (
    <p class="note" title={`${word}: ${text}`}>
      {`▾ ${clock(note.time)} ${word}: ${text}`}
    </p>
  );
}
