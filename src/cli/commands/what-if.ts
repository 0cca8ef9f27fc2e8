/**
 * `portchurn what-if`: limit and time to exhaustion under other settings. In: the changes, a data source. Out: text or
 * JSON; nothing is touched.
 */
import type { ValuesOf } from '../../config/options.js';
import { byTightness } from '../../forecast/outlook.js';
import { type Changes, type Projection, project, UNCHANGED } from '../../forecast/projection.js';
import { EXIT, PortchurnError } from '../../protocol/errors.js';
import { endpoint, integer, percent, rate, seconds } from '../../protocol/format.js';
import { MAX_LIMIT } from '../../protocol/names.js';
import type { BudgetRow, FlowRow, TotalsRow } from '../../protocol/rows.js';
import type { Backends } from '../backends.js';
import type { Io } from '../io.js';
import { jsonText, printable } from '../screen/text.js';
import { type DataSource, rowsOf } from '../source/data-source.js';
import { checkFilter, queryOnce } from './once.js';

type WhatIfValues = ValuesOf<'what-if'>;

/** Most budgets in one answer, when a filter names them. */
const MOST = 20;

interface Answer {
  readonly budget: BudgetRow;
  readonly now: Projection;
  readonly projected: Projection;
}

export async function whatIf(values: WhatIfValues, io: Io, backends: Backends): Promise<number> {
  await checkFilter(values.filter);
  const changes = changesOf(values);
  const answers = await queryOnce(values, io, backends, (source) => answersOf(source, values, changes));
  if (answers === null) return EXIT.interrupted;
  io.stdout.write(`${values.output === 'json' ? json(answers, changes) : text(answers, changes)}\n`);
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

async function answersOf(source: DataSource, { filter }: WhatIfValues, changes: Changes): Promise<Answer[]> {
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
  return budgets
    .slice(0, filter === '' ? 1 : MOST)
    .flatMap((budget) => answer(budget, totals, flows, changes));
}

function answer(
  budget: BudgetRow,
  totals: readonly TotalsRow[],
  flows: readonly FlowRow[],
  changes: Changes,
): Answer[] {
  const settings = totals.find(({ netnsId }) => netnsId === budget.netnsId);
  if (settings === undefined) return [];
  const own = flows.filter((row) => isOf(row, budget));
  const now = project(budget, own, settings, UNCHANGED);
  const projected = project(budget, own, settings, changes);
  if (now === null || projected === null) return [];
  return [{ budget, now: { ...now, exhaustionSeconds: budget.exhaustionSeconds }, projected }];
}

function isOf({ netnsId, direction, destination }: FlowRow, budget: BudgetRow): boolean {
  const { address, port } = budget.destination;
  return (
    direction === 'out' &&
    netnsId === budget.netnsId &&
    destination.address === address &&
    destination.port === port
  );
}

function json(answers: readonly Answer[], changes: Changes): string {
  const rows = answers.map(({ budget, now, projected }) => {
    const { key, netns, netnsId, source, destination, used } = budget;
    return { budget: key, netns, netnsId, source, destination, used, now, projected };
  });
  return jsonText({ changes, budgets: rows });
}

function text(answers: readonly Answer[], changes: Changes): string {
  const nothing = 'No outbound connection holds a port now, so there is nothing to project.';
  const wide = changes.range === null ? '' : ` The range would have ${integer(sizeOf(changes.range))} ports.`;
  if (answers.length === 0) return nothing + wide;
  return answers.map((one) => lines(one, changes).join('\n')).join('\n\n');
}

const sizeOf = ([low, high]: readonly [number, number]) => high - low + 1;

function lines({ budget, now, projected }: Answer, changes: Changes): string[] {
  const toward = printable(`${endpoint(budget.destination)} from ${budget.source.address}`);
  return [
    `To ${toward}: ${integer(budget.used)} of ${integer(now.limitEach)} ports held.`,
    `  now:  ${words(now)}`,
    `  with ${changeWords(changes)}:`,
    `        ${words(projected)}`,
  ];
}

function words(projection: Projection): string {
  const { limit, limitEach, demandPerSec, openPerSec, settlesAt, exhaustionSeconds, reuse } = projection;
  const share = percent(settlesAt / Math.max(1, limitEach));
  const end =
    exhaustionSeconds === null
      ? `never runs out at this rate: settles at ${integer(settlesAt)} (${share})`
      : exhaustionSeconds === 0
        ? 'out of ports now'
        : `runs out in ${seconds(exhaustionSeconds)}`;
  const asked = demandPerSec > openPerSec ? 'asked for' : 'opened';
  const each = limit === limitEach ? '' : ` (${integer(limitEach)} per pair of addresses)`;
  const taken = reuse === 'after-delay' ? ', TIME_WAIT taken over after a second' : '';
  return `${integer(limit)} ports${each}, ${rate(demandPerSec)} ${asked}/s${taken}: ${end}; ${needWords(projection)}`;
}

/** In a loop that tries again at once, attempts are more than what is wanted: both ends are said. */
function needWords({ neededPorts, neededPortsLeast, demandPerSec }: Projection): string {
  if (neededPortsLeast === null) return `${integer(neededPorts)} ports needed`;
  return `${integer(neededPortsLeast)} ports needed for what gets one, ${integer(neededPorts)} for all ${rate(demandPerSec)} attempts/s`;
}

function changeWords({ range, twReuse, sources, destinations, reused }: Changes): string {
  const parts = [
    range === null ? null : `range ${range.join('–')}`,
    twReuse === null ? null : `tcp_tw_reuse ${twReuse}`,
    sources === 1 ? null : `${sources} source addresses`,
    destinations === 1 ? null : `${destinations} destinations`,
    reused === 0 ? null : `${percent(reused)} of connections reused`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}
