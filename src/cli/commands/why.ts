/**
 * `portchurn why`: the diagnosis in prose. In: options, a data source. Out: the verdict, the findings, what to change: as
 * much as fits a screen, or all of it; or the snapshot body as JSON.
 */
import type { ValuesOf } from '../../config/options.js';
import { EXIT } from '../../protocol/errors.js';
import { stamp } from '../../protocol/format.js';
import type { Evidence, FindingRow, Fix, Remedy } from '../../protocol/rows.js';
import { evidenceText } from '../../view/evidence.js';
import { SEVERITY_TONES } from '../../view/tone.js';
import type { Backends } from '../backends.js';
import type { Io } from '../io.js';
import { briefLines, height, type Room } from '../screen/brief.js';
import { paintOf, type Style, styleFor } from '../screen/style.js';
import { jsonText, printable } from '../screen/text.js';
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

/** The body of a snapshot: of a scope its own verdict, as the one row of that topic. */
function json({ body, verdict }: Standing): object {
  const topic = { rows: [verdict], total: 1, other: null };
  return { ...body, topics: { verdict: topic, ...body.topics } };
}

function whyText(
  standing: Standing,
  all: boolean,
  io: Io,
  wish: { color: boolean | undefined; ascii: boolean },
): string {
  const style = styleFor(io, wish);
  const room = { rows: io.stdout.rows ?? SCREEN.rows, columns: io.stdout.columns ?? SCREEN.columns };
  const head = headLines(standing);
  const lines = [...head, ...bodyLines(standing.findings, style)];
  const fits = height(lines, room.columns) < room.rows;
  const shown = all || fits ? lines : briefLines(head, standing.findings, room, style);
  return shown.map((line, i) => painted(line, i, head.length, style)).join('\n');
}

/** Without colours, since they may be cut. */
function headLines(standing: Standing): string[] {
  const { verdict, time } = standing;
  return [printable(verdict.text), ...whereabouts(standing).map(printable), `As of ${stamp(time)}`];
}

/** The first line is the verdict, the last one of the head says when. */
function painted(line: string, at: number, headLength: number, { colors }: Style): string {
  if (at === 0) return colors.bold(line);
  return at === headLength - 1 ? colors.dim(line) : line;
}

function bodyLines(rows: readonly FindingRow[], style: Style): string[] {
  const active = rows.filter(({ resolved }) => resolved === null);
  const over = rows.filter(({ resolved }) => resolved !== null);
  const nothing = active.length === 0 ? ['', 'Nothing was found that somebody should change.'] : [];
  return [
    ...nothing,
    ...active.flatMap((row, i) => ['', ...findingLines(row, i + 1, style)]),
    ...over.flatMap((row) => ['', `Resolved at ${stamp(row.resolved as number)}: ${printable(row.title)}`]),
  ];
}

function findingLines(row: FindingRow, number: number, style: Style): string[] {
  const paint = paintOf(SEVERITY_TONES[row.severity], style.colors);
  const about = [
    row.process.cmdline === null ? null : `Command line: ${row.process.cmdline}`,
    parentWords(row),
  ];
  return [
    `${number}. ${paint(row.severity.toUpperCase())}  ${printable(row.title)}`,
    ...about.flatMap((line) => (line === null ? [] : [`   ${printable(line)}`])),
    `   Since ${stamp(row.since)}; ${row.confidence} confidence: ${printable(row.confidenceReason)}. Rule ${row.rule}.`,
    ...section('What was seen', row.evidence.map(evidenceLine)),
    ...section('Do now', row.doNow.flatMap(remedyLines)),
    ...section('Fix for good', row.fixForGood.flatMap(fixLines)),
    ...section('Find the line', row.findLine.flatMap(fixLines)),
  ];
}

function parentWords({ process, program }: FindingRow): string | null {
  const { pid, comm } = process.parent;
  if (program === null || comm === null) return null;
  return `Program: ${program}, started by ${comm}${pid === null ? '' : ` (pid ${pid})`}`;
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`   ${title}:`, ...lines.map((line) => `     ${printable(line)}`)];
}

const evidenceLine = (one: Evidence): string => `${one.text}: ${evidenceText(one) ?? 'unknown'}`;

function remedyLines({ text, command, undo, effect, persistence, snippet }: Remedy): string[] {
  const known = (label: string, value: string | null) => (value === null ? [] : [`  ${label}${value}`]);
  return [
    `${text}.`,
    ...known('$ ', command),
    ...known('undo: ', undo),
    ...known('effect: ', effect),
    ...known('lasts: ', persistence),
    ...snippetLines(snippet).map((line) => `  ${line}`),
  ];
}

function fixLines({ text, snippet }: Fix): string[] {
  return [text, ...snippetLines(snippet)];
}

function snippetLines(snippet: string | null): string[] {
  return snippet?.split('\n').map((line) => `  ${line}`) ?? [];
}
