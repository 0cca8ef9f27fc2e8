/**
 * The tightest port budgets as lines: how full, toward what, what comes next, who holds most. In: budget rows.
 * Out: columns for table.ts.
 */
import { fullness, level } from '../../forecast/outlook.js';
import { endpoint, integer, percent } from '../../protocol/format.js';
import type { BudgetRow } from '../../protocol/rows.js';
import { filledCells, heldByText, outlookWords } from '../../view/budget.js';
import { namespaceName } from '../../view/names.js';
import { BUDGET_TONES } from '../../view/tone.js';
import { besideDestination, nameOf } from './flow-columns.js';
import { glyphOf } from './style.js';
import type { Column } from './table.js';
import { type Glyphs, printable } from './text.js';

type Cell = Column<BudgetRow>['cell'];

const BAR_CELLS = 10;

const column = (
  align: 'left' | 'right',
  priority: number,
  cell: Cell,
  more: Pick<Column<BudgetRow>, 'shrinkTo' | 'beside'> = {},
): Column<BudgetRow> => ({ title: '', align, priority, cell, ...more });

/** A namespace's name by its id; null where there is only one to speak of. */
export type NamespaceOf = ((netnsId: string | null) => string | null) | null;

/** Columns that say nothing about any of `rows` are left out. */
export function budgetColumns(
  rows: readonly BudgetRow[],
  namespaceOf: NamespaceOf,
): readonly Column<BudgetRow>[] {
  return [
    ...SHARE,
    ...(rows.some((row) => row.blocked) ? [column('right', 3, blocked)] : []),
    ...OUTLOOK,
    ...insideColumn(namespaceOf),
  ];
}

type Placed = Pick<BudgetRow, 'netns' | 'netnsId'>;

/** It stays where room is short: two namespaces may have the same addresses. */
export function insideColumn(namespaceOf: NamespaceOf): readonly Column<Placed>[] {
  if (namespaceOf === null) return [];
  const cell = ({ netns, netnsId }: Placed) =>
    `in ${printable(namespaceName({ netns, name: namespaceOf(netnsId) }))}`;
  return [{ title: '', align: 'left', priority: 0, shrinkTo: 9, cell }];
}

const SHARE: readonly Column<BudgetRow>[] = [
  column('left', 0, mark),
  column('left', 2, bar),
  column('right', 0, (row) => percent(fullness(row))),
  column(
    'right',
    0,
    ({ used, limit }, { unknown }) => `${integer(used) ?? unknown}/${integer(limit) ?? unknown}`,
  ),
];

const OUTLOOK: readonly Column<BudgetRow>[] = [
  column('left', 0, toward, { shrinkTo: 20, beside: besideDestination }),
  column('left', 0, (row) => outlookWords(row).alone),
  column('left', 1, holder, { shrinkTo: 16 }),
  column('left', 5, (row) => (row.source.address === null ? null : `from ${printable(row.source.address)}`)),
];

function mark(row: BudgetRow, glyphs: Glyphs): string {
  return glyphOf(BUDGET_TONES[level(row)], glyphs);
}

function bar(row: BudgetRow, { full, empty }: Glyphs): string {
  const cells = filledCells(row, BAR_CELLS);
  return full.repeat(cells) + empty.repeat(BAR_CELLS - cells);
}

/** Ports that no connection of the budget holds and that no other connection can have. */
function blocked(row: BudgetRow): string {
  return row.blocked ? `+${integer(row.blocked)} blocked` : '';
}

function toward({ kind, source, destination }: BudgetRow, { arrow, unknown }: Glyphs): string {
  if (kind === 'bind-pool') return `bind() at ${printable(source.address ?? unknown)}`;
  return `${arrow} ${printable(endpoint(destination, unknown) ?? unknown)}`;
}

/** Who holds most of a budget; null when nobody holds a port. */
export function holder(row: BudgetRow): string | null {
  const text = heldByText(row, nameOf);
  return text === null ? null : printable(text);
}
