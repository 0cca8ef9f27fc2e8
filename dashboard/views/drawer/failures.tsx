/** The last failures of a row's process, newest first. In: a row; the service is asked for its failures. */
import { failureRowWords } from '../../../src/protocol/failure-words.js';
import type { FailureRow, FlowRow } from '../../../src/protocol/rows.js';
import { countOf, place, stamp, UNKNOWN } from '../../text/format.js';
import { useFailures } from './inspect.js';
import { Part } from './part.js';

export function Failures({ row }: { row: FlowRow }) {
  const rows = useFailures(row);
  return (
    <Part id="last-failures" title="Last failures of this process">
      {rows === null || rows.length === 0 ? (
        <p class="quiet">{rows === null ? 'Asking the service…' : 'None.'}</p>
      ) : (
        <ul>
          {rows.map((one) => (
            <Failure key={one.key} of={one} />
          ))}
        </ul>
      )}
    </Part>
  );
}

function Failure({ of }: { of: FailureRow }) {
  const { call, destination, errno, count, lastSeen, lowerBound, perSec } = of;
  return (
    <li>
      <span class={(perSec ?? 0) > 0 ? 'bad' : undefined}>{failureRowWords(of)}</span>
      {` · ${call}() ${place(destination)} ${errno ?? UNKNOWN} · ${countOf(count, lowerBound)} times, last ${stamp(lastSeen)}`}
    </li>
  );
}
