/**
 * The incident of the live screen in four lines: what toward what since when, who and how much, who suffers, what to do first. Without
 * an incident the verdict. In: a scene, a width. Out: lines, always as many.
 */

import { clock, integer, percent, rate, seconds } from '../../../protocol/format.js';
import { withoutNames } from '../../../protocol/parts/destination.js';
import type {
  Change,
  Culprit,
  IncidentKind,
  IncidentRemedy,
  IncidentRow,
  Victim,
} from '../../../protocol/rows.js';
import { actionsOf, isFilling, lastChange, subjectOf } from '../../../view/incident.js';
import { ownerName, withPid } from '../../../view/names.js';
import { SEVERITY_TONES, VERDICT_TONES } from '../../../view/tone.js';
import { glyphOf } from '../../screen/style.js';
import { type Glyphs, printable } from '../../screen/text.js';
import { placeOf, type Scene } from '../scene.js';
import { fitted, type Line, type Look, middleCut, span, widthOf } from '../tty/cells.js';
import { wrapped } from './lines.js';

export const CARD_LINES = 4;

const LOOKS = { good: 'good', wait: 'dim', warn: 'warn', bad: 'loud' } as const satisfies Record<
  string,
  Look
>;

export function cardLines(scene: Scene, width: number): Line[] {
  const lines = scene.incident === null ? calm(scene, width) : incidentLines(scene, scene.incident, width);
  return [...lines, ...Array<Line>(CARD_LINES).fill([])].slice(0, CARD_LINES);
}

/** The verdict is about the whole machine; of one namespace only its incidents are known. */
function calm(scene: Scene, width: number): Line[] {
  const { verdict, state, glyphs, budgets, outside } = scene;
  if (outside.length > 0) return elsewhere(outside, width);
  if (verdict === null) return [[span('  Waiting for the service to say how the ports stand.', 'dim')]];
  const isScoped = state.netns !== null;
  const tone = isScoped ? 'good' : VERDICT_TONES[verdict.level];
  const text = isScoped ? 'No incident in this namespace.' : verdict.text;
  const [first = '', ...rest] = linesOf(text, scene, width - 2);
  const head: Line = [span(`${glyphOf(tone, glyphs)} `, LOOKS[tone]), span(first, LOOKS[tone])];
  const tail = rest.map((line): Line => [span(`  ${line}`, LOOKS[tone])]);
  const next = budgets.length > 0 ? 'w: what would be if …' : '';
  return [head, ...tail, ...(next === '' ? [] : [[span(`  ${next}`, 'dim')]])];
}

/** The names behind addresses give way before the last words do. */
function linesOf(text: string, { budgets, incidents }: Scene, width: number): string[] {
  const lines = wrapped(text, width);
  if (lines.length < CARD_LINES) return lines;
  return wrapped(
    withoutNames(
      text,
      [...incidents, ...budgets].map(({ destination }) => destination),
    ),
    width,
  );
}

/** What goes wrong is about nothing that the filter shows. */
function elsewhere([worst, ...others]: readonly IncidentRow[], width: number): Line[] {
  const more = others.length === 0 ? '' : ` (and ${integer(others.length)} more)`;
  const lines = wrapped(`Outside of the filter${more}: ${worst?.title ?? ''}`, width - 2, '');
  return [
    [span('  No incident is about what the filter shows. Esc takes the filter back.', 'bold')],
    ...lines.map((line): Line => [span(`  ${line}`, 'warn')]),
  ];
}

function incidentLines(scene: Scene, row: IncidentRow, width: number): Line[] {
  const { more } = scene.glyphs;
  const victims: Line = [span(fitted(`  ${victimsText(row, scene.glyphs)}`, width, more))];
  return [
    headline(row, scene, width),
    [span(fitted(`  ${whoText(row, scene.glyphs)}`, width, more))],
    ...(workedLines(row, width, more) ?? [victims, fixLine(row, scene, width)]),
  ];
}

/** What, toward what and where come first, then how much has failed; what has no room is left out. */
function headline(row: IncidentRow, scene: Scene, width: number): Line {
  const { glyphs, incidents } = scene;
  const tone = SEVERITY_TONES[row.severity];
  const look = row.state === 'open' ? LOOKS[tone] : 'warn';
  const at = incidents.findIndex(({ key }) => key === row.key) + 1;
  const more = incidents.length > 1 ? ` ${at}/${incidents.length} Tab` : '';
  const room = width - 2 - widthOf(more);
  const [longest = '', ...shorter] = numbersTexts(row, scene);
  const plain = whatText(row, scene);
  const named = plain + besideText(row, scene);
  const said = widthOf(printable(named)) + widthOf(longest) <= room ? named : plain;
  const what = fitted(said, Math.min(room, widthOf(printable(said))), glyphs.more);
  const rest = firstFitting([longest, ...shorter], room - widthOf(what));
  return [
    span(`${glyphOf(tone, glyphs)} `, look),
    span(what, look),
    span(fitted(rest, room - widthOf(what), glyphs.more)),
    span(more, 'dim'),
  ];
}

const firstFitting = (texts: readonly string[], room: number) =>
  texts.find((text) => widthOf(text) <= room) ?? '';

/** Who is there, where there is room for all that is known. */
function besideText(row: IncidentRow, { glyphs }: Scene): string {
  const { other } = subjectOf(row);
  return other === null ? '' : ` ${glyphs.arrow} ${other}`;
}

function whatText(row: IncidentRow, scene: Scene): string {
  const { toward } = subjectOf(row);
  const place = placeOf(scene, row.netnsId);
  const what = row.kind === 'ports' && isFilling(row) ? 'PORTS RUN OUT' : WHAT[row.kind];
  return [
    row.state === 'easing' ? `${what} (no more now)` : what,
    ...(toward === null ? [] : [`${scene.glyphs.arrow} ${toward}`]),
    ...(place === null ? [] : [`in ${place}`]),
  ].join(' ');
}

/** The longest first. */
function numbersTexts(row: IncidentRow, { glyphs, now }: Scene): string[] {
  const { failed, exhaustionSeconds, lowerBound, since } = row;
  const count =
    isFilling(row) && exhaustionSeconds !== null
      ? `in ${seconds(exhaustionSeconds)}`
      : `${lowerBound ? glyphs.atLeast : ''}${integer(failed)} failed`;
  const began = `since ${clock(since)}`;
  return [`  ${count}  ${began} (${seconds((now - since) / 1000)})`, `  ${count}  ${began}`, `  ${count}`];
}

const WHAT: Readonly<Record<IncidentKind, string>> = {
  ports: 'OUT OF PORTS',
  'bind-pool': 'BIND() IS OUT OF PORTS',
  bind: 'BIND() FAILS',
  'no-answer': 'NO ANSWER',
  refused: 'REFUSED',
  unreachable: 'NO ROUTE',
  overflow: 'TIME_WAIT OVERFLOWS',
  scan: 'MANY PORTS TRIED',
  other: 'CONNECTS FAIL',
};

/** `checkout.py 3071 holds 94 %, 92.0/s wanted, ports allow 33.3/s` */
function whoText(
  { state, culprits, demandPerSec, sustainablePerSec }: IncidentRow,
  { more }: Glyphs,
): string {
  const [first] = culprits;
  const parts = [
    ...(first === undefined
      ? []
      : [`${nameOf(first, more)} ${state === 'open' ? 'holds' : 'held'} ${shareText(first)}`]),
    ...(demandPerSec === null ? [] : [`${rate(demandPerSec)}/s wanted`]),
    ...(sustainablePerSec === null ? [] : [`ports allow ${rate(sustainablePerSec)}/s`]),
  ];
  return parts.join(', ');
}

const shareText = ({ share, ports }: Culprit) => percent(share) ?? integer(ports);

/** Whose calls fail, the culprit's among them: now, not only since it began. */
function victimsText({ victims, failPerSec }: IncidentRow, { more: cut }: Glyphs): string {
  if (failPerSec === 0) return '';
  const failing = victims.filter(({ perSec }) => perSec > 0).sort((a, b) => b.perSec - a.perSec);
  const named = failing.length === 0 ? victims : failing;
  const shown = named.slice(0, 2).map((one) => `${nameOf(one, cut)} ${rate(one.perSec)}/s`);
  const more = named.length - shown.length;
  return `${rate(failPerSec)} fail/s: ${shown.join(', ')}${more > 0 ? ` and ${integer(more)} more` : ''}`;
}

/** A long name loses its middle: pid and numbers behind it stay in sight. */
function nameOf({ process, program }: Pick<Victim, 'process' | 'program'>, more: string): string {
  const name = ownerName({ process, program });
  return withPid(name === null ? null : middleCut(name, LONGEST_NAME, more), process.pid);
}

const LONGEST_NAME = 24;

/** In the order of the page and of `why`: the cure, then the command for now; both are seen, the rest of a sentence is one key away. */
function fixLine(row: IncidentRow, { glyphs }: Scene, width: number): Line {
  const keys = '  f: all, to copy';
  const { first, now } = actionsOf(row);
  const room = width - widthOf(keys);
  if (first === null)
    return [span('  FIX ', 'bold'), span(fitted(NONE, room - 6, glyphs.more)), span(keys, 'dim')];
  const next = now?.command == null ? null : now;
  const least = next === null ? 0 : Math.min(6 + widthOf(next.text), Math.floor(room / 2));
  return [
    ...actionSpans(first, room - least, glyphs.more),
    ...(next === null ? [] : actionSpans(next, least, glyphs.more)),
    span(keys, 'dim'),
  ];
}

const NONE = 'Nothing is known that helps.';

/** `FIX` is the cure, `NOW` what helps until it is there. */
function actionSpans({ role, text }: IncidentRemedy, width: number, more: string): Line {
  const label = role === 'do-now' ? '  NOW ' : '  FIX ';
  return [span(label, 'bold'), span(fitted(text, width - label.length, more))];
}

/**
 * That something worked is worth more than what could be done, as long as nothing fails: then nobody suffers, so that there are two lines for
 * it. Null: nothing is known to have worked, or calls fail.
 */
function workedLines(row: IncidentRow, width: number, more: string): Line[] | null {
  const change = lastChange(row);
  if (!change?.worked || row.failPerSec > 0) return null;
  const [first = '', ...rest] = wrapped(changeText(change), width - WORKED.length);
  const label: Line = [span(WORKED, 'good'), span(first)];
  if (rest.length === 0) return [[], label];
  return [label, [span(fitted(`    ${rest.join(' ')}`, width, more))]];
}

const WORKED = '  Fix worked: ';

function changeText({ text, failPerSecBefore, failPerSecAfter, afterSeconds }: Change): string {
  if (failPerSecBefore === 0) return `nothing failed after ${text}`;
  const after = afterSeconds === null ? 'after' : `${seconds(afterSeconds)} after`;
  return `${rate(failPerSecBefore)} → ${rate(failPerSecAfter)} failures/s, ${after} ${text}`;
}
