/**
 * All that is known of one thing that `why` tells. In: an item, its number, a style, columns. Out: lines that are never broken inside a word.
 * Everything that another process may have written is escaped.
 */
import { integer } from '../../protocol/format.js';
import type { Evidence, Fix, IncidentRemedy } from '../../protocol/rows.js';
import { evidenceText } from '../../view/evidence.js';
import { ROLE_WORDS } from '../../view/incident.js';
import { SEVERITY_TONES } from '../../view/tone.js';
import type { Item } from './items.js';
import type { Shorten } from './shorten.js';
import { paintOf, type Style } from './style.js';
import { printable } from './text.js';
import { wrapped, wrappedCode, wrappedCommand } from './wrap.js';

/** What is written on: a screen, or with endless columns a file or a pipe. */
export interface Page {
  readonly style: Style;
  readonly rows: number;
  readonly columns: number;
  readonly shorten: Shorten;
}

export function itemLines(item: Item, number: number, page: Page): string[] {
  const prose = (indent: string) => (text: string) => wrapped(indent + page.shorten(text), page.columns);
  return [
    ...titleLines(item, number, page),
    ...item.about.flatMap(prose('   ')),
    ...section('What was seen', item.evidence.map(evidenceLine).flatMap(prose('     '))),
    ...remedySections(item.remedies, page),
    ...section(
      'Find the line',
      item.findLine.flatMap((one) => [...prose('     ')(one.text), ...code(one, page)]),
    ),
  ];
}

/** Its number, how bad it is, and what it is. */
export function titleLines({ severity, title }: Item, number: number, page: Page): string[] {
  const word = severity.toUpperCase();
  const [first = '', ...more] = wrapped(`${number}. ${word}  ${page.shorten(title)}`, page.columns);
  return [first.replace(word, paintOf(SEVERITY_TONES[severity], page.style.colors)(word)), ...more];
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`   ${title}:`, ...lines];

const evidenceLine = (one: Evidence): string => `${one.text}: ${evidenceText(one) ?? 'unknown'}`;

/** In their order; a heading stands where the role changes. */
function remedySections(remedies: readonly IncidentRemedy[], page: Page): string[] {
  return remedies.flatMap((remedy, i) => [
    ...(remedies[i - 1]?.role === remedy.role ? [] : [`   ${ROLE_WORDS[remedy.role]}:`]),
    ...remedyLines(remedy, page),
  ]);
}

function remedyLines(remedy: IncidentRemedy, page: Page): string[] {
  const { text, command, undo, effect, settlesAt, reason } = remedy;
  const { columns, shorten } = page;
  const known = (label: string, value: string | null) =>
    value === null ? [] : wrapped(`       ${label}${shorten(value)}`, columns);
  return [
    ...wrapped(`     ${shorten(sentence(text))}`, columns),
    ...commandLines('       $ ', command, columns),
    ...commandLines('       undo: $ ', undo, columns),
    ...known('effect: ', effect),
    ...known('ports held in the end: ', settlesAt === null ? null : integer(settlesAt)),
    ...known('why: ', reason),
    ...code(remedy, page),
  ];
}

const sentence = (text: string) => (/[.!?:)]$/.test(text) ? text : `${text}.`);

/** @param lead ends with a prompt */
export function commandLines(lead: string, command: string | null, columns: number): string[] {
  return command === null ? [] : wrappedCommand(`${lead}${printable(command)}`, columns);
}

/** From the left edge, as it is to be pasted: blanks in front of it would be part of it. */
function code({ snippet, language }: Pick<Fix, 'snippet' | 'language'>, { columns }: Page): string[] {
  return snippet === null ? [] : wrappedCode(snippet.split('\n').map(printable), language, columns);
}
