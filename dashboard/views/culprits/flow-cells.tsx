/**
 * Cells of the culprit table that follow more than their row: the port range, and what other tables know. In: a flow row.
 * Each draws itself when that changes.
 */
import { computed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { FlowRow } from '../../../src/protocol/rows.js';
import { errnoOf, outlookOf } from '../../state/beside.js';
import { portRanges } from '../../state/model.js';
import { Bar, Name, Outlook } from '../table/cells.js';

/** The bar is full at the port range of the row's own namespace, where it has one. */
export function PortsHeld({ row }: { row: FlowRow }) {
  const full = portRanges.value.get(row.netnsId) ?? null;
  return <Bar of={row.portsHeld} atLeast={row.lowerBound} full={full} />;
}

/** What other tables say about a row. What stands in a place of the table may become another row. */
function useWords<T>(row: FlowRow, read: (row: FlowRow) => T): T {
  // A key stands for all parts of the row that such words depend on.
  return useMemo(() => computed(() => read(row)), [row.key]).value;
}

export function Why({ row }: { row: FlowRow }) {
  const errno = useWords(row, errnoOf);
  return errno === null ? null : <span class="errno">{errno}</span>;
}

export function RunsOut({ row }: { row: FlowRow }) {
  const says = useWords(row, outlookOf);
  return says === null ? <Name of={null} /> : <Outlook says={says} />;
}
