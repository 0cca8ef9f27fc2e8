/**
 * What fails right now as lines: how often, whose call, toward what, why, and who holds the ports meanwhile. Enters: failure
 * rows. Leaves: columns for table.ts. Called by summary.ts.
 */

import { failureWords } from '../../protocol/failure-words.js';
import type { FailureRow } from '../../protocol/rows.js';
import { nameOf } from './flow-columns.js';
import type { Column } from './table.js';
import { endpoint, type Glyphs, printable, rate } from './text.js';

/** `holderOf`: the largest holder of a budget, in words, by the budget's key. */
export function failureColumns(
  holderOf: (budget: string | null) => string | null,
): readonly Column<FailureRow>[] {
  return [...COLUMNS, { title: '', align: 'left', priority: 2, cell: (row) => holderOf(row.budget) ?? '' }];
}

const COLUMNS: readonly Column<FailureRow>[] = [
  { title: '', align: 'left', priority: 0, cell: (_, { fail }) => fail },
  { title: '', align: 'right', priority: 0, cell: (row) => `${rate(row.perSec)}/s fail` },
  { title: '', align: 'left', priority: 0, shrinkTo: 16, cell: victim },
  { title: '', align: 'left', priority: 0, shrinkTo: 17, cell: toward },
  { title: '', align: 'left', priority: 0, shrinkTo: 24, cell: why },
  { title: '', align: 'left', priority: 1, cell: (row) => row.errno },
];

function victim({ process }: FailureRow): string {
  const who = [nameOf(process) ?? (process.pid === null ? 'unknown process' : null), process.pid];
  return printable(who.filter((part) => part !== null).join(' '));
}

/** A bind() that fails has a local address, and goes nowhere yet. */
function toward({ call, destination }: FailureRow, { arrow }: Glyphs): string {
  const at = endpoint(destination);
  if (at === null) return `${call}()`;
  return `${call === 'bind' ? 'bind()' : arrow} ${printable(at)}`;
}

function why({ errno, cause }: FailureRow): string {
  return failureWords(errno, cause) ?? cause;
}
