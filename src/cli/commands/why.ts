/**
 * `portchurn why`: the diagnosis in prose. In: options, a data source. Out: the verdict, the findings, what to
 * change; or the snapshot body as JSON.
 */
import type { ValuesOf } from '../../config/options.js';
import { EXIT } from '../../protocol/errors.js';
import { stamp } from '../../protocol/format.js';
import type { SnapshotBody } from '../../protocol/frames.js';
import type { Evidence, FindingRow, Fix, Remedy, VerdictRow } from '../../protocol/rows.js';
import { evidenceText } from '../../view/evidence.js';
import { SEVERITY_TONES } from '../../view/tone.js';
import type { Backends } from '../backends.js';
import type { Io } from '../io.js';
import { paintOf, type Style, styleFor } from '../screen/style.js';
import { jsonText, printable } from '../screen/text.js';
import { type DataSource, rowsOf } from '../source/data-source.js';
import { only, queryOnce } from './once.js';

/** Exit code 0, also with findings: `check` is for scripts. 130 after a signal. */
export async function why(values: ValuesOf<'why'>, io: Io, backends: Backends): Promise<number> {
  const body = await queryOnce(values, io, backends, findings);
  if (body === null) return EXIT.interrupted;
  const verdict = only(rowsOf(body, 'verdict'), 'verdict');
  const text =
    values.output === 'json'
      ? jsonText(body)
      : whyText(body.time, verdict, rowsOf(body, 'findings'), styleFor(io, values));
  io.stdout.write(`${text}\n`);
  return EXIT.ok;
}

async function findings(source: DataSource): Promise<SnapshotBody> {
  const verdict = await source.table({ topic: 'verdict' });
  const found = await source.table({ topic: 'findings' });
  return { ...found, topics: { ...verdict.topics, ...found.topics } };
}

/** @param time of the tables, Unix ms */
export function whyText(
  time: number,
  verdict: VerdictRow,
  rows: readonly FindingRow[],
  style: Style,
): string {
  const active = rows.filter(({ resolved }) => resolved === null);
  const over = rows.filter(({ resolved }) => resolved !== null);
  const nothing = active.length === 0 ? ['', 'Nothing was found that somebody should change.'] : [];
  return [
    style.colors.bold(printable(verdict.text)),
    style.colors.dim(`As of ${stamp(time)}`),
    ...nothing,
    ...active.flatMap((row, i) => ['', ...findingLines(row, i + 1, style)]),
    ...over.flatMap((row) => ['', `Resolved at ${stamp(row.resolved as number)}: ${printable(row.title)}`]),
  ].join('\n');
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

function remedyLines({ text, command, undo, effect, persistence }: Remedy): string[] {
  const known = (label: string, value: string | null) => (value === null ? [] : [`  ${label}${value}`]);
  return [
    `${text}.`,
    ...known('$ ', command),
    ...known('undo: ', undo),
    ...known('effect: ', effect),
    ...known('lasts: ', persistence),
  ];
}

function fixLines({ text, snippet }: Fix): string[] {
  return [text, ...(snippet?.split('\n').map((line) => `  ${line}`) ?? [])];
}
