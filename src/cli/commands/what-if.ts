/**
 * `portchurn what-if`: limit and time to exhaustion under other settings. In: the changes, a data source. Out: text or
 * JSON; nothing is touched.
 */
import type { ValuesOf } from '../../config/options.js';
import { byTightness } from '../../forecast/outlook.js';
import { type Changes, UNCHANGED } from '../../forecast/projection.js';
import { type Answer, answerOf } from '../../forecast/what-if.js';
import { EXIT, PortchurnError } from '../../protocol/errors.js';
import { integer } from '../../protocol/format.js';
import { MAX_LIMIT } from '../../protocol/names.js';
import { endpointInSentence } from '../../protocol/parts/destination.js';
import type { BudgetRow, TotalsRow } from '../../protocol/rows.js';
import { namespaceName } from '../../view/names.js';
import { changeWords, projectionWords } from '../../view/what-if.js';
import type { Backends } from '../backends.js';
import type { Io } from '../io.js';
import { jsonText, printable } from '../screen/text.js';
import { type DataSource, rowsOf } from '../source/data-source.js';
import { checkFilter, queryOnce } from './once.js';

type WhatIfValues = ValuesOf<'what-if'>;

/** Most budgets in one answer, when a filter names them. */
const MOST = 20;

export async function whatIf(values: WhatIfValues, io: Io, backends: Backends): Promise<number> {
  await checkFilter(values.filter);
  const changes = changesOf(values);
  const told = await queryOnce(values, io, backends, (source) => answersOf(source, values, changes));
  if (told === null) return EXIT.interrupted;
  io.stdout.write(`${values.output === 'json' ? json(told.answers, changes) : text(told, changes)}\n`);
  return EXIT.ok;
}

function changesOf({ range, twReuse, sources, destinations, reuse }: WhatIfValues): Changes {
  const [low = 0, high = 0] = range?.split('-').map(Number) ?? [];
  const changes: Changes = {
    range: range === undefined ? null : [low, high],
    twReuse: twReuse ?? null,
    sources,
    destinations,
    reused: reuse / 100,
  };
  if (jsonText(changes) !== jsonText(UNCHANGED)) return changes;
  throw new PortchurnError('USAGE', 'what-if asks for a change', {
    hint: 'portchurn what-if --range 1024-65535 --tw-reuse 1 --sources 2 --destinations 2 --reuse 80',
  });
}

interface Told {
  readonly answers: readonly Answer[];
  readonly totals: readonly TotalsRow[];
}

async function answersOf(source: DataSource, { filter }: WhatIfValues, changes: Changes): Promise<Told> {
  const topics = { budgets: '-used', soon: 'exhaustionSeconds' };
  const table = (sort: string) => source.table({ topic: 'budgets', filter, sort, limit: MAX_LIMIT });
  const bodies = [await table(topics.budgets), await table(topics.soon)];
  const rows = bodies.flatMap((body) => rowsOf(body, 'budgets')).filter(({ kind }) => kind === 'tuple');
  const budgets = [...new Map(rows.map((row) => [row.key, row])).values()].sort(byTightness);
  const totals = rowsOf(await source.table({ topic: 'totals' }), 'totals');
  const flows = rowsOf(
    await source.table({ topic: 'flows', sort: '-openPerSec', limit: MAX_LIMIT }),
    'flows',
  );
  const answers = budgets
    .slice(0, filter === '' ? 1 : MOST)
    .flatMap((budget) => answerOf(budget, totals, flows, changes) ?? []);
  return { answers, totals };
}

function json(answers: readonly Answer[], changes: Changes): string {
  const rows = answers.map(({ budget, now, projected }) => {
    const { key, netns, netnsId, source, destination, used } = budget;
    return { budget: key, netns, netnsId, source, destination, used, now, projected };
  });
  return jsonText({ changes, budgets: rows });
}

function text({ answers, totals }: Told, changes: Changes): string {
  const nothing = 'No outbound connection holds a port now, so there is nothing to project.';
  const wide = changes.range === null ? '' : ` The range would have ${integer(sizeOf(changes.range))} ports.`;
  if (answers.length === 0) return nothing + wide;
  return answers.map((one) => lines(one, totals, changes).join('\n')).join('\n\n');
}

/** Another namespace may have the same addresses. */
function insideOf({ netns, netnsId }: BudgetRow, totals: readonly TotalsRow[]): string {
  if (totals.length < 2) return '';
  const name = totals.find((row) => row.netnsId === netnsId)?.name ?? null;
  return ` in ${namespaceName({ netns, name })}`;
}

const sizeOf = ([low, high]: readonly [number, number]) => high - low + 1;

function lines({ budget, now, projected }: Answer, totals: readonly TotalsRow[], changes: Changes): string[] {
  const { destination, source } = budget;
  const inside = insideOf(budget, totals);
  const toward = printable(`${endpointInSentence(destination)} from ${source.address}${inside}`);
  return [
    `To ${toward}: ${integer(budget.used)} of ${integer(now.limitEach)} ports held.`,
    `  now:  ${projectionWords(now)}`,
    `  with ${changeWords(changes)}:`,
    `        ${projectionWords(projected)}`,
  ];
}
