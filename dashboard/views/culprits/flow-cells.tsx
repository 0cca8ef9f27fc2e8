/**
 * Cells of the culprit table that follow more than their row: its budget, its last minute, and what other tables know. In: a flow row.
 * Each draws itself when that changes.
 */
import { computed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { FlowRow } from '../../../src/protocol/rows.js';
import { growth, sparkPath } from '../../../src/view/spark.js';
import { errnoOf, outlookOf, shareInPercent } from '../../state/rows/beside.js';
import { lastMinuteOf } from '../../state/rows/culprits.js';
import { integer } from '../../text/format.js';
import { Name, Outlook } from '../table/cells.js';

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

/** A bar of its budget: it is drawn each second, for the few rows that are in sight. */
export function Share({ row }: { row: FlowRow }) {
  const percent = shareInPercent(row);
  if (percent === null) return <Name of={null} />;
  return (
    <span class="meter">
      <span class="bar" style={{ '--value': String(percent / 100) }} aria-hidden="true" />
      <span class="over">{`${percent} %`}</span>
    </span>
  );
}

const [WIDTH, HEIGHT] = [120, 18];

/** Decorative beside its numbers; a reader that cannot see it is told what it shows in all. */
export function LastMinute({ row }: { row: FlowRow }) {
  const samples = lastMinuteOf(row.key);
  const path = sparkPath(samples, WIDTH, HEIGHT - 2);
  const grown = growth(samples);
  if (path === '' || grown === null) return null;
  const words = `${grown < 0 ? 'fewer' : 'more'} by ${integer(Math.abs(grown))} than a minute ago`;
  return (
    <svg
      class="spark"
      viewBox={`0 -1 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words}
    >
      <path d={path} />
    </svg>
  );
}
