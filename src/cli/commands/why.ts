/**
 * `portchurn why`: the diagnosis in prose. In: options, a data source. Out: the verdict, the findings, what to do about the incidents:
 * as much as fits a screen, or all of it; or the snapshot body as JSON.
 */
import type { ValuesOf } from '../../config/options.js';
import { takersOf } from '../../forecast/takers.js';
import { EXIT } from '../../protocol/errors.js';
import { stamp } from '../../protocol/format.js';
import type { FindingRow } from '../../protocol/rows.js';
import type { Backends } from '../backends.js';
import type { Io } from '../io.js';
import { briefLines, height, NOTHING_FOUND } from '../screen/brief.js';
import { itemLines, type Page } from '../screen/item-lines.js';
import { type Item, itemsOf } from '../screen/items.js';
import { shortener } from '../screen/shorten.js';
import { columnsOf, styleFor } from '../screen/style.js';
import { jsonText } from '../screen/text.js';
import { wrapped } from '../screen/wrap.js';
import { checkFilter, queryOnce } from './once.js';
import { type Standing, standingOf, whereabouts } from './standing.js';

/** Rows of a terminal, where there is none to ask. */
const ROWS = 24;

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

/** A screen has what fits, a file or a pipe all of it, in whole lines. */
function whyText(
  standing: Standing,
  all: boolean,
  io: Io,
  wish: { color: boolean | undefined; ascii: boolean },
): string {
  const style = styleFor(io, wish);
  const columns = columnsOf(io.stdout);
  const shorten = shortener(namesIn(standing), columns, style.glyphs.more);
  const page = { style, rows: io.stdout.rows ?? ROWS, columns, shorten };
  const items = itemsOf(standing.findings, standing.incidents);
  const head = headLines(standing, page);
  const lines = [...head, ...bodyLines(items, standing.findings, page)];
  const isAll = all || io.stdout.isTTY !== true || height(lines, columns) < page.rows;
  return (isAll ? lines : briefLines(head, items, page)).join('\n');
}

/** The verdict, where that is, of when. */
function headLines(standing: Standing, { style, columns, shorten }: Page): string[] {
  const { verdict, time } = standing;
  const lines = (text: string) => wrapped(shorten(text), columns);
  return [
    ...lines(verdict.text).map(style.colors.bold),
    ...whereabouts(standing).flatMap(lines),
    style.colors.dim(`As of ${stamp(time)}`),
  ];
}

function bodyLines(items: readonly Item[], findings: readonly FindingRow[], page: Page): string[] {
  const over = findings.filter(({ resolved }) => resolved !== null);
  const nothing = items.length === 0 ? ['', NOTHING_FOUND] : [];
  return [
    ...nothing,
    ...items.flatMap((item, i) => ['', ...itemLines(item, i + 1, page)]),
    ...over.flatMap((row) => ['', ...wrapped(page.shorten(resolvedText(row)), page.columns)]),
  ];
}

const resolvedText = ({ resolved, title }: FindingRow) =>
  `Resolved at ${stamp(resolved as number)}: ${title}`;

/** What others have named, and the sentences name: programs, units, containers, namespaces. */
function namesIn({ findings, incidents, subject, alsoOut, victim, totals }: Standing): (string | null)[] {
  const owners = [
    ...findings,
    ...incidents.flatMap(({ culprits, victims }) => [...culprits, ...victims]),
    ...[subject, ...alsoOut].flatMap((row) =>
      row === null ? [] : takersOf(row).map((one) => ({ ...one, program: null })),
    ),
    ...(victim === null ? [] : [victim]),
  ];
  return [
    ...owners.flatMap(({ process: { name, unit, container, pod, workload, parent }, program }) => [
      ...[name, unit, container, pod, workload, parent.comm, program],
    ]),
    ...[...incidents, ...totals].map(({ name }) => name),
  ];
}
