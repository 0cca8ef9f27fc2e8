/**
 * What is open beside the page: an incident, or all about one row of the culprit table: who it is, what to change, its connections, its
 * failures, what it does now. In: the selected key.
 */
import type { Group } from '../../../src/protocol/names.js';
import type { FlowRow } from '../../../src/protocol/rows.js';
import { ownerName, UNKNOWN_OWNER, withPid } from '../../../src/view/names.js';
import { findings, group, inspected, selected, showFlows } from '../../state/model.js';
import { concerns, eventFilter, rowFilter } from '../../state/subject.js';
import { endpoint, foreign, UNKNOWN } from '../../text/format.js';
import { Finding } from '../panels/remedies.js';
import { closeRow } from '../table/cursor.js';
import { Connections } from './connections.js';
import { Times } from './durations.js';
import { Failures } from './failures.js';
import { Inspected } from './incident.js';
import { useDetail, useRow } from './inspect.js';
import { Part } from './part.js';
import { Process } from './process.js';
import { Sheet } from './sheet.js';
import { LiveTrace } from './trace.js';

export function Drawer() {
  const [key, incident] = [selected.value, inspected.value];
  if (key !== null) return <Opened key={key} of={key} by={group.value} />;
  return incident === null ? null : <Inspected key={incident} of={incident} />;
}

function Opened({ of, by }: { of: string; by: Group | null }) {
  const row = useRow(by, of);
  return (
    <Sheet title={row ? titleOf(row, by) : 'Row'} onClose={closeRow}>
      {row ? <About row={row} by={by} /> : <Missing isAsked={row === null} />}
    </Sheet>
  );
}

function Missing({ isAsked }: { isAsked: boolean }) {
  return (
    <p class="empty">
      {isAsked
        ? 'Asking the service…'
        : 'There is no such row any more: it was rolled up into its program, or the service was restarted.'}
    </p>
  );
}

function titleOf(row: FlowRow, by: Group | null): string {
  const { process, program } = row;
  const who = foreign(withPid(ownerName(row), process.pid));
  const where = endpoint(row.destination);
  if (by === 'unit' || by === 'container' || by === 'pod' || by === 'workload')
    return foreign(process[by] ?? `no ${by}`);
  if (by === 'netns') return `namespace ${row.netns ?? UNKNOWN}`;
  if (by === 'destination') return where;
  return by === 'program'
    ? foreign(program ?? UNKNOWN_OWNER)
    : `${who} ${row.direction === 'in' ? '←' : '→'} ${where}`;
}

function About({ row, by }: { row: FlowRow; by: Group | null }) {
  const detail = useDetail(by === null ? row.key : null);
  return (
    <>
      {by === null ? null : <Members by={by} of={row.key} />}
      <Advice row={row} />
      <Process row={row} detail={detail} grouped={by !== null} />
      <Connections row={row} />
      {by === null ? <Times row={row} detail={detail} /> : null}
      {by === null ? <Failures row={row} /> : null}
      {by === null ? <Now row={row} /> : null}
    </>
  );
}

/** What the diagnosis says about this very process. */
function Advice({ row }: { row: FlowRow }) {
  const finding = findings.value.find((one) => one.resolved === null && concerns(row, one));
  if (finding === undefined) return null;
  return (
    <Part id="advice" title="Suggested fix">
      <Finding row={finding} />
    </Part>
  );
}

/** A sum has no command line, no trace: its flows have. */
function Members({ by, of }: { by: Group; of: string }) {
  const filter = rowFilter(by, of);
  if (filter === null) return null;
  return (
    <p>
      <button type="button" class="small" onClick={() => showFlows(filter)}>
        Show its flows
      </button>
    </p>
  );
}

function Now({ row }: { row: FlowRow }) {
  const filter = eventFilter(row);
  if (filter !== null) return <LiveTrace filter={filter} />;
  return (
    <Part id="trace" title="Live trace">
      <p class="quiet">
        {row.process.exited === true
          ? 'The process has ended: nothing more will come.'
          : 'Nobody knows whose these are.'}
      </p>
    </Part>
  );
}
