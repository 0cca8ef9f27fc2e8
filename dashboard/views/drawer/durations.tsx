/** How long connections lived, or took to open: bars by powers of two. In: a row, its detail once it is known. */
import type { Durations, FlowDetail } from '../../../src/protocol/detail.js';
import type { FlowRow } from '../../../src/protocol/rows.js';
import { duration, integer } from '../../text/format.js';
import { Part } from './part.js';

/** Behind "below" and "at most" `<0.1 ms` is 0.1 ms. */
const bound = (ms: number | null) => duration(ms).replace('<', '');

export function Times({ row, detail }: { row: FlowRow; detail: FlowDetail | null }) {
  if (detail === null) return null;
  const { lifetimeMs, connectMs } = row;
  const middle = ({ p50, p99 }: FlowRow['lifetimeMs']) =>
    `half below ${bound(p50)}, 99 % below ${bound(p99)}`;
  return (
    <>
      <Part id="lifetimes" title="How long they lived">
        <p class="quiet">Over the last 10 s: {middle(lifetimeMs)}</p>
        <Histogram of={detail.lifetimeMs} what="Lifetimes" />
      </Part>
      {row.direction === 'in' ? null : (
        <Part id="connects" title="How long connect() took">
          <p class="quiet">Over the last 10 s: {middle(connectMs)}</p>
          <Histogram of={detail.connectMs} what="Durations of connect()" />
        </Part>
      )}
    </>
  );
}

function Histogram({ of, what }: { of: Durations | null; what: string }) {
  if (of === null) return <p class="quiet">Not measured: too many flows are.</p>;
  if (of.length === 0) return <p class="quiet">None in the last 10 s.</p>;
  const most = Math.max(...of.map(([, count]) => count));
  return (
    <div class="histogram" role="img" aria-label={`${what}: ${summary(of)}`}>
      {of.map(([upTo, count]) => (
        <span key={upTo} title={`at most ${bound(upTo)}: ${integer(count)}`}>
          <i style={{ '--value': String(count / most) }} />
          <small>≤{bound(upTo)}</small>
        </span>
      ))}
    </div>
  );
}

/** In words what the bars show. */
function summary(of: Durations): string {
  return of
    .filter(([, count]) => count > 0)
    .map(([upTo, count]) => `${integer(count)} at most ${bound(upTo)}`)
    .join(', ');
}
