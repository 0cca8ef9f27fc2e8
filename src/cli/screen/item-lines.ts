/**
 * All that is known of one thing that `why` tells. In: an item, its number, a style, columns. Out: lines that are never broken inside a word.
 * Everything that another process may have written is escaped.
 */
import { integer } from '../../protocol/format.js';
import type { Evidence, IncidentRemedy, RemedyRole } from '../../protocol/rows.js';
import { evidenceText } from '../../view/evidence.js';
import { SEVERITY_TONES } from '../../view/tone.js';
import type { Item } from './items.js';
import { paintOf, type Style } from './style.js';
import { printable } from './text.js';
import { wrapped, wrappedCommand } from './wrap.js';

export const ROLE_WORDS: Readonly<Record<RemedyRole, string>> = {
  'fix-for-good': 'Fix for good',
  'do-now': 'Do now',
  'will-not-help': 'Will not help',
};

/** @param columns Infinity: lines have no end to fit */
export function itemLines(item: Item, number: number, style: Style, columns: number): string[] {
  const prose = (line: string) => wrapped(printable(line), columns);
  const word = item.severity.toUpperCase();
  const [first = '', ...more] = prose(`${number}. ${word}  ${item.title}`);
  return [
    first.replace(word, paintOf(SEVERITY_TONES[item.severity], style.colors)(word)),
    ...more,
    ...item.about.flatMap((line) => prose(`   ${line}`)),
    ...section('What was seen', item.evidence.map(evidenceLine).flatMap(prose)),
    ...remedySections(item.remedies, columns),
    ...section(
      'Find the line',
      item.findLine.flatMap(({ text, snippet }) => [...prose(`     ${text}`), ...code(snippet)]),
    ),
  ];
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`   ${title}:`, ...lines];

const evidenceLine = (one: Evidence): string => `     ${one.text}: ${evidenceText(one) ?? 'unknown'}`;

/** In their order; a heading stands where the role changes. */
function remedySections(remedies: readonly IncidentRemedy[], columns: number): string[] {
  return remedies.flatMap((remedy, i) => [
    ...(remedies[i - 1]?.role === remedy.role ? [] : [`   ${ROLE_WORDS[remedy.role]}:`]),
    ...remedyLines(remedy, columns),
  ]);
}

function remedyLines(remedy: IncidentRemedy, columns: number): string[] {
  const { text, command, undo, effect, settlesAt, reason, snippet } = remedy;
  const known = (label: string, value: string | null) =>
    value === null ? [] : wrapped(`       ${label}${printable(value)}`, columns);
  return [
    ...wrapped(`     ${printable(sentence(text))}`, columns),
    ...commandLines('       $ ', command, columns),
    ...commandLines('       undo: $ ', undo, columns),
    ...known('effect: ', effect),
    ...known('ports held in the end: ', settlesAt === null ? null : integer(settlesAt)),
    ...known('why: ', reason),
    ...code(snippet),
  ];
}

const sentence = (text: string) => (/[.!?:)]$/.test(text) ? text : `${text}.`);

/** @param lead ends with a prompt */
export function commandLines(lead: string, command: string | null, columns: number): string[] {
  return command === null ? [] : wrappedCommand(`${lead}${printable(command)}`, columns);
}

/** As it is to be pasted: it is not broken. */
function code(snippet: string | null): string[] {
  return snippet?.split('\n').map((line) => `       ${printable(line)}`) ?? [];
}
