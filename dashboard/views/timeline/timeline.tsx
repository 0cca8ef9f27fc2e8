/**
 * What led here: ports held toward one budget's destination, by who holds them, and what asked for a port per second, over fifteen minutes.
 */
import { signal } from '@preact/signals';
import type { HistoryBody } from '../../../src/protocol/history.js';
import { type Mark, markWords } from '../../charts/marks.js';
import { link, now } from '../../state/model.js';
import { drawn, live, type Picture, zoom } from '../../state/timeline/timeline.js';
import { clock } from '../../text/format.js';
import { waitingWords } from '../../text/link-words.js';
import { OpenWhatIf } from '../whatif/lazy.js';
import { Choose } from './choose.js';

export function Timeline() {
  const picture = drawn.value;
  const Charts = charts.value;
  return (
    <section class="panel timeline" aria-labelledby="timeline-title">
      <header>
        <h2 id="timeline-title">Timeline</h2>
        <Choose />
        <OpenWhatIf />
        <Zoomed />
        {picture === null ? null : <Remark of={picture} />}
      </header>
      {picture === null || Charts === null ? (
        <p class="empty">{waitingWords(link.value, now.value)}</p>
      ) : (
        <Charts of={picture} />
      )}
    </section>
  );
}

/** The charts draw with a library, which comes while the rest of the page is there already. Null: it has not come yet. */
const charts = signal<typeof import('./charts.js').Charts | null>(null);
void import('./charts.js').then(
  ({ Charts }) => {
    charts.value = Charts;
  },
  () => undefined,
);

function Zoomed() {
  if (zoom.value === null) return <p class="count hint">drag to zoom</p>;
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
