/**
 * The tightest port budgets as lines: how full, toward what, what comes next, who holds most. Enters: budget rows.
 * Leaves: columns for table.ts. Called by summary.ts.
 */
import { fullness, level, outlook } from '../../forecast/outlook.js';
import type { BudgetRow } from '../../protocol/rows.js';
import { nameOf } from './flow-columns.js';
import type { Column } from './table.js';
import { count, countdown, endpoint, type Glyphs, percent, printable } from './text.js';

type Cell = Column<BudgetRow>['cell'];

const BAR_CELLS = 10;

const column = (
  align: 'left' | 'right',
  priority: number,
  cell: Cell,
  more: { shrinkTo?: number } = {},
): Column<BudgetRow> => ({ title: '', align, priority, cell, ...more });

/** A namespace's name by its inode; null where there is only one to speak of. */
export type NamespaceOf = ((inode: number | null) => string | null) | null;

/** Columns that say nothing about any of `rows` are left out. */
export function budgetColumns(
  rows: readonly BudgetRow[],
  namespaceOf: NamespaceOf,
): readonly Column<BudgetRow>[] {
  const inside = ({ netns }: BudgetRow) => `in ${printable(namespaceOf?.(netns) ?? `netns ${netns}`)}`;
  return [
    ...SHARE,
    ...(rows.some((row) => row.blocked) ? [column('right', 3, blocked)] : []),
    ...OUTLOOK,
    ...(namespaceOf === null ? [] : [column('left', 4, inside)]),
  ];
}

const SHARE: readonly Column<BudgetRow>[] = [
  column('left', 0, mark),
  column('left', 2, bar),
  column('right', 0, (row) => percent(fullness(row))),
  column(
    'right',
    0,
    ({ used, limit }, { unknown }) => `${count(used) ?? unknown}/${count(limit) ?? unknown}`,
  ),
];

const OUTLOOK: readonly Column<BudgetRow>[] = [
  column('left', 0, toward, { shrinkTo: 20 }),
  column('left', 0, next),
  column('left', 1, holder, { shrinkTo: 16 }),
  column('left', 5, (row) => (row.source.address === null ? null : `from ${printable(row.source.address)}`)),
];

function mark(row: BudgetRow, glyphs: Glyphs): string {
  return { fine: glyphs.ok, warning: glyphs.warn, critical: glyphs.fail }[level(row)];
}

/** To the nearest tenth; only everything fills it. */
function bar(row: BudgetRow, { full, empty }: Glyphs): string {
  const share = fullness(row) ?? 0;
  const cells = share === 1 ? BAR_CELLS : Math.min(BAR_CELLS - 1, Math.round(share * BAR_CELLS));
  return full.repeat(cells) + empty.repeat(BAR_CELLS - cells);
}

/** What nobody can have although no connection of the budget holds it. */
function blocked(row: BudgetRow): string {
  return row.blocked ? `+${count(row.blocked)} blocked` : '';
}

function toward({ kind, source, destination }: BudgetRow, { arrow, unknown }: Glyphs): string {
  if (kind === 'bind-pool') return `bind() at ${printable(source.address ?? unknown)}`;
  return `${arrow} ${printable(endpoint(destination) ?? unknown)}`;
}

function next(row: BudgetRow): string {
  const says = outlook(row);
  switch (says.state) {
    case 'out':
      return says.backSeconds === null ? 'out of ports' : `out, back from ${countdown(says.backSeconds)} on`;
    case 'running-out':
      return `runs out in ${countdown(says.seconds)}`;
    case 'reused':
      return 'no end: TIME_WAIT is reused';
    case 'draining':
      return `ports come back from ${countdown(says.backSeconds)} on`;
    case 'steady':
      return 'does not fill';
  }
}

/** The largest holder of a budget; null when nobody holds a port. */
export function holder({ holders: [first] }: BudgetRow): string | null {
  if (first === undefined) return null;
  const { pid } = first.process;
  const who = [nameOf(first.process) ?? (pid === null ? 'unknown owner' : null), pid];
  return `held by ${printable(who.filter((part) => part !== null).join(' '))} (${count(first.ports)})`;
}
