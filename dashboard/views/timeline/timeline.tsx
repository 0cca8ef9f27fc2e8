/**
 * What led here: ports held toward one budget's destination, and opens and failures per second, over fifteen minutes.
 * Enters: the timeline's signals. Called by app.
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

/** The value of an option: a budget's key is behind a word, so that it cannot be mistaken for one. */
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
  const [looks, setLooks] = useState(0);
  const look = () => setLooks(looks + 1);
  const rows = useChoices(looks);
  return (
    <select
      aria-label="What the timeline shows"
      value={value}
      onFocus={look}
      onPointerEnter={look}
      onChange={({ currentTarget }) => take(currentTarget.value)}
    >
      <option value={TIGHTEST}>{`tightest: ${nameOf(shown.value)}`}</option>
      <option value={TOTALS}>all destinations</option>
      {rows.map((row) => (
        <option key={row.key} value={`key ${row.key}`}>
          {budgetWords(row, netnsWords(row.netns))}
        </option>
      ))}
    </select>
  );
}

/**
 * What can be chosen. Of many budgets others are the tightest each time: the list is made anew when one comes or goes, when
 * somebody comes to choose, and every ten seconds.
 */
function useChoices(looks: number): BudgetRow[] {
  const size = useComputed(() => budgets.value.rows.size).value;
  const turn = useComputed(() => Math.floor(now.value / CHOICES_MS)).value;
  return useMemo(() => withHistory(budgets.peek().rows), [size, turn, looks]);
}

/** Where there is little room: its destination. A budget that is empty has no row any more; its key ends with it. */
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

/** Why there is nothing; else the newest of what the marks stand for: all of them are in the event log. */
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
