/**
 * `portchurn why`: the diagnosis in prose. In: options, a data source. Out: the verdict, the findings, what to do about the incidents:
 * as much as fits a screen, or all of it; or the snapshot body as JSON.
 */
import type { ValuesOf } from '../../config/options.js';
import { EXIT } from '../../protocol/errors.js';
import { stamp } from '../../protocol/format.js';
import type { FindingRow } from '../../protocol/rows.js';
import type { Backends } from '../backends.js';
import type { Io } from '../io.js';
import { briefLines, height, type Room } from '../screen/brief.js';
import { itemLines } from '../screen/item-lines.js';
import { type Item, itemsOf } from '../screen/items.js';
import { type Style, styleFor } from '../screen/style.js';
import { jsonText, printable } from '../screen/text.js';
import { wrapped } from '../screen/wrap.js';
import { checkFilter, queryOnce } from './once.js';
import { type Standing, standingOf, whereabouts } from './standing.js';

/** A terminal's usual size, where there is none to ask. */
const SCREEN: Room = { rows: 24, columns: 80 };

/** Exit code 0, also with findings: `check` is for scripts. 130 after a signal. */
export async function why(values: ValuesOf<'why'>, io: Io, backends: Backends): Promise<number> {
  await checkFilter(values.filter);
  const standing = await queryOnce(values, io, backends, (source) => standingOf(source, values));
  if (standing === null) return EXIT.interrupted;
  const text =
    values.output === 'json' ? jsonText(json(standing)) : whyText(standing, values.all, io, values);
  io.stdout.write(`${text}\n`);
  return EXIT.ok;
}

/** The body of a snapshot: of a scope its own verdict, as the one row of that topic; and the incidents that last. */
function json({ body, verdict, incidents }: Standing): object {
  const topic = { rows: [verdict], total: 1, other: null };
  const lasting = incidents.filter(({ state }) => state !== 'over');
  const known = { rows: lasting, total: lasting.length, other: null };
  return { ...body, topics: { verdict: topic, ...body.topics, incidents: known } };
}

function whyText(
  standing: Standing,
  all: boolean,
  io: Io,
  wish: { color: boolean | undefined; ascii: boolean },
): string {
  const style = styleFor(io, wish);
  const room = { rows: io.stdout.rows ?? SCREEN.rows, columns: io.stdout.columns ?? SCREEN.columns };
  const isEndless = all && io.stdout.isTTY !== true;
  const columns = isEndless ? Number.POSITIVE_INFINITY : room.columns;
  const items = itemsOf(standing.findings, standing.incidents);
  const head = headLines(standing, style, columns);
  const lines = [...head.flat(), ...bodyLines(items, standing.findings, style, columns)];
  const fits = height(lines, room.columns) < room.rows;
  return (all || fits ? lines : briefLines(head, items, room, style)).join('\n');
}

/** Each thing that is said there, in as many lines as it takes: the verdict, where that is, of when. */
function headLines(standing: Standing, { colors }: Style, columns: number): string[][] {
  const { verdict, time } = standing;
  const lines = (text: string) => wrapped(printable(text), columns);
  return [
    lines(verdict.text).map(colors.bold),
    ...whereabouts(standing).map(lines),
    [colors.dim(`As of ${stamp(time)}`)],
  ];
}

function bodyLines(
  items: readonly Item[],
  findings: readonly FindingRow[],
  style: Style,
  columns: number,
): string[] {
  const over = findings.filter(({ resolved }) => resolved !== null);
  const nothing = items.length === 0 ? ['', 'Nothing was found that somebody should change.'] : [];
  return [
    ...nothing,
    ...items.flatMap((item, i) => ['', ...itemLines(item, i + 1, style, columns)]),
    ...over.flatMap((row) => ['', ...wrapped(resolvedText(row), columns)]),
  ];
}

const resolvedText = ({ resolved, title }: FindingRow) =>
  `Resolved at ${stamp(resolved as number)}: ${printable(title)}`;
