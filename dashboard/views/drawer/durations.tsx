/** How long connections lived, or took to open: bars by powers of two. Enters: a flow's detail. Called by drawer. */
import type { Durations } from '../../../src/protocol/detail.js';
import { duration, integer } from '../../text/format.js';

export function Histogram({ of, what }: { of: Durations | null; what: string }) {
  if (of === null) return <p class="quiet">Not measured: too many flows are.</p>;
  if (of.length === 0) return <p class="quiet">None in the last 10 s.</p>;
  const most = Math.max(...of.map(([, count]) => count));
  return (
    <div class="histogram" role="img" aria-label={`${what}: ${summary(of)}`}>
      {of.map(([upTo, count]) => (
        <span key={upTo} title={`at most ${duration(upTo)}: ${integer(count)}`}>
          <i style={{ '--value': String(count / most) }} />
          <small>≤{duration(upTo)}</small>
        </span>
      ))}
    </div>
  );
}

/** In words what the bars show. */
function summary(of: Durations): string {
  return of
    .filter(([, count]) => count > 0)
    .map(([upTo, count]) => `${integer(count)} at most ${duration(upTo)}`)
    .join(', ');
}
