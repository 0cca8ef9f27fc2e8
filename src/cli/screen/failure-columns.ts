/**
 * What fails right now as lines: how often, whose call, toward what, why, and who holds the ports meanwhile. In: failure
 * rows. Out: columns for table.ts.
 */
import { failureRowWords } from '../../protocol/failure-words.js';
import { endpoint, rate } from '../../protocol/format.js';
import type { FailureRow } from '../../protocol/rows.js';
import { withPid } from '../../view/names.js';
import { insideColumn, type NamespaceOf } from './budget-columns.js';
import { besideDestination, nameOf } from './flow-columns.js';
import type { Column } from './table.js';
import { type Glyphs, printable } from './text.js';

/** `holderOf`: the largest holder of a budget, in words, by the budget's key. */
export function failureColumns(
  holderOf: (budget: string | null) => string | null,
  namespaceOf: NamespaceOf,
): readonly Column<FailureRow>[] {
  return [
    ...COLUMNS,
    ...insideColumn(namespaceOf),
    { title: '', align: 'left', priority: 2, cell: (row) => holderOf(row.budget) ?? '' },
  ];
}

const COLUMNS: readonly Column<FailureRow>[] = [
  { title: '', align: 'left', priority: 0, cell: (_, { fail }) => fail },
  { title: '', align: 'right', priority: 0, cell: (row) => `${rate(row.perSec)}/s fail` },
  { title: '', align: 'left', priority: 0, shrinkTo: 16, cell: victim },
  { title: '', align: 'left', priority: 0, shrinkTo: 17, cell: toward, beside: besideDestination },
  { title: '', align: 'left', priority: 0, shrinkTo: 24, cell: failureRowWords },
  { title: '', align: 'left', priority: 1, cell: (row) => row.errno },
];

function victim({ process }: FailureRow): string {
  return printable(withPid(nameOf(process), process.pid, 'unknown process'));
}

/** A bind() that fails has a local address, and goes nowhere yet. */
function toward({ call, destination }: FailureRow, { arrow, unknown }: Glyphs): string {
  const at = endpoint(destination, unknown);
  if (at === null) return `${call}()`;
  return `${call === 'bind' ? 'bind()' : arrow} ${printable(at)}`;
}
