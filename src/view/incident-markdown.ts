/**
 * One incident as Markdown, for a ticket or a chat. In: its row. Out: text. Pure. Names of processes are made by others: they are spelled out and
 * escaped, so that they are neither markup nor links, and call nobody.
 */
import { counted, hex, integer, rate, spelled, stamp } from '../protocol/format.js';
import type { Culprit, IncidentRemedy, IncidentRow, Victim } from '../protocol/rows.js';
import { culpritsTitle, ROLE_WORDS } from './incident.js';
import { ownerName, UNKNOWN_OWNER, withPid } from './names.js';

export function incidentMarkdown(row: IncidentRow): string {
  const parts = [
    `## ${escaped(row.title)}`,
    list(factsOf(row)),
    section(culpritsTitle(row), row.culprits.map(culpritLine)),
    section('Whose calls fail', row.victims.map(victimLine)),
    ...row.remedies.map(remedyPart),
    section(
      'Changed meanwhile',
      row.changes.map(({ time, text }) => `${stamp(time)}: ${escaped(text)}`),
    ),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function factsOf(row: IncidentRow): string[] {
  const { severity, state, since, until, name, netns, failed, lowerBound } = row;
  const place = name ?? (netns === null ? null : `netns ${netns}`);
  return [
    `${severity}, ${state}, since ${stamp(since)}${until === null ? '' : ` until ${stamp(until)}`}`,
    ...(place === null ? [] : [`Namespace: ${escaped(place)}`]),
    ...(row.demandPerSec === null ? [] : [`Asked for: ${rate(row.demandPerSec)} connections/s`]),
    ...(row.sustainablePerSec === null ? [] : [`The ports allow: ${rate(row.sustainablePerSec)}/s`]),
    `Failed: ${lowerBound ? '≥ ' : ''}${integer(failed)}, ${rate(row.failPerSec)}/s now`,
  ];
}

const who = (one: Pick<Culprit, 'process' | 'program'>) =>
  escaped(withPid(ownerName(one), one.process.pid, UNKNOWN_OWNER));

const culpritLine = (one: Culprit) => `${who(one)}: ${counted(one.ports, 'port')}`;
const victimLine = (one: Victim) => `${who(one)}: ${integer(one.failed)} failed, ${rate(one.perSec)}/s`;

function remedyPart({ role, text, command, undo, effect, reason, snippet }: IncidentRemedy): string {
  const parts = [
    `**${ROLE_WORDS[role]}:** ${escaped(text)}${reason === null ? '' : ` ${escaped(reason)}`}`,
    ...(command === null ? [] : [fenced(command)]),
    ...(undo === null ? [] : ['Undo:', fenced(undo)]),
    ...(snippet === null ? [] : [fenced(snippet)]),
    ...(effect === null ? [] : [escaped(effect)]),
  ];
  return parts.join('\n\n');
}

const list = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join('\n');
const section = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? '' : `**${title}**\n\n${list(lines)}`;

/** In one line. Neither HTML nor emphasis, no list, no link, nobody is called and no issue is named. */
function escaped(text: string): string {
  return safe(text)
    .trim()
    .replace(/[\\`*_{}[\]!|~>]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/^[-+=]/, '\\$&')
    .replace(/^(\d+)([.)])/, '$1\\$2')
    .replaceAll('://', '\\://')
    .replace(/www\./gi, (start) => start.replace('.', '\\.'))
    .replaceAll('#', `\\#${BREAK}`)
    .replaceAll('@', `@${BREAK}`);
}

/** Of no width: some readers look for names and numbers after Markdown was read. */
const BREAK = '\u200b';

/** Hostile characters spelled out, as the page shows them; a command is copied as the page would copy it. */
const safe = (text: string) => spelled(text, (character) => `\\u${hex(character)}`);

/** A fence that is longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return [fence, ...text.split('\n').map(safe), fence].join('\n');
}
