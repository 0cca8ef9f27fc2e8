/** A row's numbers: connections by state, since the start, per second. In: a row. */
import type { FlowRow } from '../../../src/protocol/rows.js';
import { bytes, countOf, rate, stamp } from '../../text/format.js';
import { Facts, Part } from './part.js';

export function Connections({ row }: { row: FlowRow }) {
  const count = (value: number | null) => countOf(value, row.lowerBound);
  return (
    <Part id="connections" title="Connections">
      <Facts
        of={[
          ['Established now', count(row.established)],
          ['In TIME_WAIT', count(row.timeWait)],
          ['In other states, holding a port', row.direction === 'out' ? count(otherStates(row)) : null],
          ['Ports held', count(row.portsHeld)],
          ['Opened, since the start', count(row.opened)],
          ['Closed', count(row.closed)],
          ['Closed first by this side', count(row.closedFirst)],
          ['Came to be a second late: a SYN was lost', row.slowConnects ? count(row.slowConnects) : null],
          ['Failed', count(row.failed)],
          ['Older than the start', count(row.preexisting)],
          [
            'Opened, closed, failed per second',
            [row.openPerSec, row.closePerSec, row.failPerSec].map(rate).join(', '),
          ],
          ['Bytes sent, received', `${bytes(row.bytesSent)}, ${bytes(row.bytesReceived)}`],
          ['First seen', stamp(row.firstSeen)],
          ['Last seen', stamp(row.lastSeen)],
        ].filter((fact): fact is [string, string] => fact[1] !== null)}
      />
    </Part>
  );
}

/** Being opened or closed. */
function otherStates({ portsHeld, established, timeWait }: FlowRow): number | null {
  return portsHeld === null || established === null || timeWait === null
    ? null
    : Math.max(0, portsHeld - established - timeWait);
}
