/**
 * What led here: ports held toward one budget's destination, by who holds them, and what asked for a port per second, over fifteen minutes.
 */
import type { HistoryBody } from '../../../src/protocol/history.js';
import { Chart } from '../../charts/chart.js';
import { portsChart, ratesChart } from '../../charts/curves.js';
import { type Mark, markWords } from '../../charts/marks.js';
import { link, now } from '../../state/model.js';
import { dragging, drawn, live, type Picture, shown, zoom, zoomTo } from '../../state/timeline/timeline.js';
import { portsSummary, ratesSummary } from '../../text/chart-words.js';
import { clock, integer, rate } from '../../text/format.js';
import { waitingWords } from '../../text/link-words.js';
import { OpenWhatIf } from '../whatif/lazy.js';
import { Choose } from './choose.js';

export function Timeline() {
  const picture = drawn.value;
  return (
    <section class="panel timeline" aria-labelledby="timeline-title">
      <header>
        <h2 id="timeline-title">Timeline</h2>
        <Choose />
        <OpenWhatIf />
        <Zoomed />
        {picture === null ? null : <Remark of={picture} />}
      </header>
      {picture === null ? (
        <p class="empty">{waitingWords(link.value, now.value)}</p>
      ) : (
        <Charts of={picture} />
      )}
    </section>
  );
}

function Charts({ of: { body, row, ahead, span, marks } }: { of: Picture }) {
  const onDrag = (isDragging: boolean) => {
    dragging.value = isDragging;
  };
  const common = { span, marks, onZoom: zoomTo, onLive: live, onDrag };
  return (
    <div class="charts" aria-busy={body.budget !== shown.value}>
      <Chart
        {...common}
        id="ports-chart"
        title="Ports held"
        read={integer}
        data={portsChart(body, ahead)}
        summary={portsSummary(body, row, marks)}
      />
      <Chart
        {...common}
        id="rates-chart"
        title="Per second"
        read={rate}
        data={ratesChart(body, row?.sustainablePerSec ?? null)}
        summary={ratesSummary(body, row)}
      />
    </div>
  );
}

function Zoomed() {
  if (zoom.value === null) return <p class="count">drag to zoom</p>;
  const [from, to] = zoom.value;
  return (
    <p class="count">
      {`${clock(from * 1000)} – ${clock(to * 1000)} `}
      <button type="button" class="small" title="Or double-click a chart" onClick={live}>
        Live again
      </button>
    </p>
  );
}

/** Why the chart is empty; else the newest mark. All notes are in the event log. */
function Remark({ of: { body, marks } }: { of: Picture }) {
  const mark: Mark | undefined = marks.at(-1);
  if (isEmpty(body)) return <p class="note">Nothing recorded: it is new, or too many others are fuller.</p>;
  if (mark === undefined) return null;
  return (
    <p class="note" title={marks.map(markWords).join('\n')}>
      {`▾ ${markWords(mark)}`}
    </p>
  );
}

const isEmpty = ({ timeWait }: HistoryBody) => timeWait.every((value) => value === null);
