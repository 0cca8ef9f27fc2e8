/** What lies over the tables: the fix, the what-if, the keys. In: a scene. Out: lines, as many as it takes. */
import { answerOf } from '../../../forecast/what-if.js';
import { counted, integer } from '../../../protocol/format.js';
import { endpointInSentence } from '../../../protocol/parts/destination.js';
import type { IncidentRemedy } from '../../../protocol/rows.js';
import { changeWords, ROLE_WORDS, subjectText } from '../../../view/incident.js';
import { GROUP_WORDS } from '../../../view/names.js';
import { projectionWords } from '../../../view/what-if.js';
import { type Glyphs, printable } from '../../screen/text.js';
import { wrappedCode, wrappedCommand } from '../../screen/wrap.js';
import { budgetOf, towardFilter } from '../places.js';
import { copied, type Scene } from '../scene.js';
import { fitted, type Line, type Look, span } from '../tty/cells.js';
import { changesOf, type Wishes, whatIfCommand, wishTexts } from '../wishes.js';
import { wrapped } from './lines.js';

const text = (words: string, width: number, look: Look = 'plain', indent = '  '): Line[] =>
  wrapped(words, width, indent).map((line) => [span(line, look)]);

/** In the order of the service, each command with the digit that copies it. */
export function fixLines(scene: Scene, width: number): Line[] {
  const { incident, outside } = scene;
  if (incident === null)
    return text(outside.length > 0 ? FILTERED : 'No incident is open, so there is nothing to fix.', width);
  let number = 0;
  return [
    ...text(subjectText(incident), width, 'bold'),
    ...incident.changes.flatMap((change) =>
      change.worked === null
        ? []
        : text(
            `${change.text}: ${changeWords(change, incident.changes)}`,
            width,
            change.worked ? 'good' : 'warn',
          ),
    ),
    ...contentLines(
      incident.remedies.filter((remedy) => copied(remedy) !== null),
      width,
      scene.glyphs,
    ),
    ...incident.remedies.flatMap((remedy) => {
      const isCopied = copied(remedy) !== null;
      if (isCopied) number += 1;
      return remedyLines(remedy, isCopied ? number : null, width);
    }),
  ];
}

/** So few are seen at once. */
const FEW = 2;

/** What can be copied, with its digit: what to do now may stand two pages below what cures. */
function contentLines(remedies: readonly IncidentRemedy[], width: number, { more }: Glyphs): Line[] {
  if (remedies.length <= FEW) return [];
  const lines = remedies.map(({ role, text: what }, at): Line => {
    const digit = ` [${at + 1}]`;
    const words = `  ${ROLE_WORDS[role].toUpperCase().padEnd(ROLE_WIDTH)}${printable(what)}`;
    return [span(fitted(words, width - digit.length, more)), span(digit, 'title')];
  });
  return [[], ...lines];
}

const ROLE_WIDTH = 'FIX FOR GOOD  '.length;

function remedyLines(remedy: IncidentRemedy, number: number | null, width: number): Line[] {
  const { role, command, effect, undo, reason, settlesAt } = remedy;
  const known = (label: string, value: string | null) =>
    value === null ? [] : text(`${label}${value}`, width, 'dim', '    ');
  const label = number === null ? '    ' : `    [${number}] `;
  return [
    [],
    ...text(
      `${ROLE_WORDS[role].toUpperCase()}  ${remedy.text}`,
      width,
      role === 'will-not-help' ? 'dim' : 'plain',
    ),
    ...(command === null ? codeLines(remedy, label, width) : commandLines(command, label, width, 'title')),
    ...(undo === null ? [] : commandLines(undo, '    undo: ', width, 'dim')),
    ...known('effect: ', effect),
    ...known('because: ', reason),
    ...known(
      'then ',
      settlesAt === null ? null : `${counted(settlesAt, 'port is', 'ports are')} held in the end`,
    ),
  ];
}

/** Parted so that a shell takes what somebody marks and pastes for the one command that it is. */
const commandLines = (command: string, label: string, width: number, look: Look): Line[] =>
  labelled(wrappedCommand(printable(command), width - label.length), label, look);

const FILTERED = 'No incident is about what the filter shows. Esc, and Esc again, takes the filter back.';

/** Comments and commands go on as what they are; a line of other code that is too wide is cut, since none of it may be hidden. */
function codeLines(
  { snippet, language }: Pick<IncidentRemedy, 'snippet' | 'language'>,
  label: string,
  width: number,
): Line[] {
  if (snippet === null) return [];
  const room = width - label.length;
  const lines = wrappedCode(snippet.split('\n').map(printable), language, room);
  return labelled(
    lines.flatMap((line) => wrapped(line, room)),
    label,
    'title',
  );
}

const labelled = (lines: readonly string[], label: string, look: Look): Line[] =>
  lines.map((line, at) => [span(`${at === 0 ? label : ' '.repeat(label.length)}${line}`, look)]);

/** Null: there is nothing to project. */
export function whatIfCommandOf(scene: Scene): string | null {
  const filter = towardFilter(scene);
  return filter === null ? null : whatIfCommand(scene.state.wishes, filter);
}

const NOTHING_HELD = 'No outbound connection holds a port now, so there is nothing to project.';
const FILTERED_BUDGETS =
  'No outbound connection that the filter shows holds a port now. Esc, and Esc again, takes the filter back.';

export function whatIfLines(scene: Scene, width: number): Line[] {
  const budget = budgetOf(scene);
  const { toward, state, totals, glyphs } = scene;
  if (budget === null) return text(state.filter === '' ? NOTHING_HELD : FILTERED_BUDGETS, width);
  if (toward === null) return text('Asking the service for the connections toward it.', width, 'dim');
  const answer = answerOf(budget, totals, toward, changesOf(state.wishes));
  if (answer === null) return text('The settings of its network namespace are not known.', width, 'warn');
  const { now, projected } = answer;
  const from = budget.source.address === null ? '' : ` from ${budget.source.address}`;
  const held = `${integer(budget.used)} of ${integer(budget.limit)} ports held`;
  const look = projected.exhaustionSeconds === null ? 'good' : 'warn';
  return [
    ...text(
      `To ${endpointInSentence(budget.destination)}${from}: ${held}. Nothing is touched.`,
      width,
      'bold',
    ),
    [],
    ...wishLines(state.wishes, glyphs),
    [],
    ...text(`now:  ${projectionWords(now)}`, width),
    ...text(`then: ${projectionWords(projected)}`, width, look),
  ];
}

function wishLines(wishes: Wishes, { cursor, less, greater }: Glyphs): Line[] {
  return wishTexts(wishes).map(([label, value], at): Line => {
    const chosen = at === wishes.line;
    return [
      span(`${chosen ? cursor : ' '} ${label.padEnd(34)}`, chosen ? 'bold' : 'plain'),
      span(`${less} ${value} ${greater}`, chosen ? 'chosen' : 'plain'),
    ];
  });
}

export const KEYS: readonly (readonly [string, string])[] = [
  ['j k ↑ ↓', 'row; PgUp PgDn Home End'],
  ['Enter', 'one row: process, states, durations, its connections live'],
  ['Esc', 'back; on the tables: take the filter back'],
  ['Tab', 'next incident; Shift-Tab the one before'],
  ['f', 'what to do, with commands: c copies the first, a digit that one'],
  ['w', 'what-if: arrows change, c copies the command'],
  ['/', 'write a filter, as in dst:10.0.0.0/8 !process:curl'],
  ['s r', 'sort by the next; the other way round'],
  ['g', `group by ${GROUP_WORDS}`],
  ['n', 'only the next network namespace; after the last all'],
  ['b', 'more budgets'],
  ['o', 'freeze the order of the rows, release it'],
  ['Space', 'pause; data goes on behind it'],
  ['Ctrl-L', 'draw anew'],
  ['q', 'end; Ctrl-Z suspends'],
];

export function helpLines(width: number): Line[] {
  return KEYS.flatMap(([key, does]): Line[] => [
    [span(`  ${key.padEnd(9)} `, 'bold'), span(does.slice(0, Math.max(0, width - 12)))],
  ]);
}
