/** Budgets and failures of the live screen. In: a scene, a size. Out: lines. */
import { level } from '../../../forecast/outlook.js';
import { failureRowWords } from '../../../protocol/failure-words.js';
import { clock, endpoint, integer, rate } from '../../../protocol/format.js';
import type { BudgetRow, FailureRow } from '../../../protocol/rows.js';
import { filledCells, outlookWords, returnSteps } from '../../../view/budget.js';
import { ownerName, withPid } from '../../../view/names.js';
import { BUDGET_TONES } from '../../../view/tone.js';
import { glyphOf } from '../../screen/style.js';
import type { Scene } from '../scene.js';
import type { Line, Look } from '../tty/cells.js';
import { type Column, tableOf } from './columns.js';
import { rule } from './lines.js';
import { placeColumn } from './place-column.js';

const LOOKS = { good: 'good', wait: 'dim', warn: 'warn', bad: 'bad' } as const satisfies Record<string, Look>;

/** Of five seconds each: the next minute. */
const STEPS = 12;

export function budgetLines(scene: Scene, width: number, rows: number): Line[] {
  const { budgets, glyphs } = scene;
  const shown = budgets.slice(0, rows);
  const title = `BUDGETS${shown.length < budgets.length ? ` ${shown.length} of ${budgets.length}, b: more` : ''}`;
  const [, ...table] = tableOf(budgetColumns(scene), shown, { width, glyphs });
  const empty: Line[] = [[{ text: '  No outbound connection holds a port.', look: 'dim' }]];
  return [
    rule(title, 'ports that come back in 60 s', width, glyphs),
    ...(shown.length === 0 ? empty : table),
  ];
}

function budgetColumns(scene: Scene): Column<BudgetRow>[] {
  const { glyphs } = scene;
  const lookOf = (row: BudgetRow) => LOOKS[BUDGET_TONES[level(row)]];
  const left = (
    width: number,
    most: number,
    priority: number,
    cell: Column<BudgetRow>['cell'],
  ): Column<BudgetRow> => ({
    title: '',
    align: 'left',
    width,
    most,
    priority,
    cell,
  });
  return [
    { ...left(1, 1, 0, (row) => glyphOf(BUDGET_TONES[level(row)], glyphs)), look: lookOf },
    { ...left(16, 30, 0, (row) => towardOf(row)), beside: ({ destination }) => destination },
    { ...left(10, 24, 2, (row, width) => bar(row, width, scene)), look: lookOf },
    {
      ...left(
        13,
        13,
        0,
        ({ used, limit }) => `${integer(used) ?? glyphs.unknown}/${integer(limit) ?? glyphs.unknown}`,
      ),
      align: 'right',
    },
    { ...left(18, 34, 0, (row) => outlookWords(row).headed), look: lookOf },
    { ...left(STEPS, STEPS, 3, (row) => releasingText(row, glyphs.levels)), look: () => 'title' },
    placeColumn(scene, scene.budgets, '', 4),
  ];
}

const towardOf = ({ kind, source, destination }: BudgetRow) =>
  kind === 'bind-pool' ? `bind() ${source.address ?? ''}` : endpoint(destination);

function bar(row: BudgetRow, width: number, { glyphs }: Scene): string {
  const cells = filledCells(row, width);
  return glyphs.full.repeat(cells) + glyphs.empty.repeat(width - cells);
}

/** How many ports come back in each of the next steps, the soonest first. */
function releasingText(row: BudgetRow, levels: string): string {
  const steps = returnSteps(row).slice(0, STEPS);
  const top = Math.max(...steps.map(({ ports }) => ports));
  if (top === 0) return '';
  return steps
    .map(({ ports }) => (ports === 0 ? ' ' : (levels[Math.ceil((ports / top) * levels.length) - 1] ?? '')))
    .join('');
}

export function failureLines(scene: Scene, width: number, rows: number): Line[] {
  const { failures, glyphs } = scene;
  const shown = failures.slice(0, rows);
  const title = `FAILURES${shown.length < failures.length ? ` ${shown.length} of ${failures.length}` : ''}`;
  const [, ...table] = tableOf(failureColumns(scene), shown, { width, glyphs });
  const empty: Line[] = [[{ text: '  No call fails now.', look: 'dim' }]];
  return [rule(title, '', width, glyphs), ...(shown.length === 0 ? empty : table)];
}

function failureColumns(scene: Scene): Column<FailureRow>[] {
  return [
    {
      title: '',
      align: 'right',
      width: 7,
      priority: 0,
      cell: ({ perSec }) => `${rate(perSec)}/s`,
      look: () => 'bad',
    },
    {
      title: '',
      align: 'left',
      width: 20,
      most: 36,
      priority: 0,
      cell: ({ process, program }) =>
        withPid(ownerName({ process, program }), process.pid, 'unknown process'),
    },
    {
      title: '',
      align: 'left',
      width: 18,
      most: 28,
      priority: 0,
      cell: ({ call, destination }) =>
        call === 'bind' ? `bind() ${endpoint(destination) ?? ''}` : endpoint(destination),
      beside: ({ destination }) => destination,
    },
    { title: '', align: 'left', width: 20, most: 44, priority: 2, cell: failureRowWords },
    { title: '', align: 'left', width: 8, priority: 3, cell: ({ lastSeen }) => clock(lastSeen) },
    placeColumn(scene, scene.failures, '', 4),
  ];
}
