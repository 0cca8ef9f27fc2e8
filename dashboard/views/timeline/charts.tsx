/** The two charts of the timeline. In: a picture. Out: choices of a span. */
import { Chart } from '../../charts/chart.js';
import { portsChart, ratesChart } from '../../charts/curves.js';
import { dragging, live, type Picture, shown, zoomTo } from '../../state/timeline/timeline.js';
import { portsSummary, ratesSummary } from '../../text/chart-words.js';
import { integer, rate } from '../../text/format.js';

export function Charts({ of: { body, row, ahead, kept, span, marks } }: { of: Picture }) {
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
        data={portsChart(body, ahead, kept)}
        summary={portsSummary(body, row, marks, kept)}
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
