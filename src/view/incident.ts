/**
 * An incident as every screen tells it: who, toward what, two figures, what to do. In: incident rows. Out: words and parts, without colour;
 * names in them are not yet safe to show (protocol/format.ts). Pure.
 */
import { isPorts } from '../forecast/harm.js';
import { NAMED_BESIDE, NAMED_SHARE } from '../forecast/takers.js';
import { clock, counted, endpoint, integer, rate, seconds, UNKNOWN } from '../protocol/format.js';
import { TOGETHER_MS } from '../protocol/names.js';
import { inSentence, otherEnd } from '../protocol/parts/destination.js';
import type {
  Change,
  Culprit,
  IncidentKind,
  IncidentRemedy,
  IncidentRow,
  RemedyRole,
  Victim,
} from '../protocol/rows.js';
import { besideName, namespaceName, ownerName } from './names.js';

/** `NAME BESIDE DOES TOWARD in PLACE`; what is not known is null and left out. */
export interface Subject {
  name: string;
  /** `python3 · 4711` */
  beside: string | null;
  does: string;
  toward: string | null;
  /** Who is there. */
  other: string | null;
  place: string;
}

type Deed = readonly [now: string, past: string];

const DEEDS: Readonly<Record<IncidentKind, Deed>> = {
  ports: ['has used up the ports to', 'used up the ports to'],
  'bind-pool': ['has used up the ports that bind() gives', 'used up the ports that bind() gives'],
  bind: ['cannot bind()', 'could not bind()'],
  'no-answer': ['gets no answer from', 'got no answer from'],
  refused: ['is refused by', 'was refused by'],
  unreachable: ['cannot reach', 'could not reach'],
  overflow: ['makes more TIME_WAIT entries than are allowed', 'made more TIME_WAIT entries than are allowed'],
  scan: ['tries many ports of', 'tried many ports of'],
  other: ['cannot connect to', 'could not connect to'],
};
/** Of ports that are not out yet. */
const FILLING: Deed = ['is using up the ports to', 'was using up the ports to'];
/** Of kinds without a destination: their addresses say nothing. */
const PLACELESS: ReadonlySet<IncidentKind> = new Set(['bind-pool', 'overflow']);

export function subjectOf(row: IncidentRow): Subject {
  const who = whoOf(row);
  const together = who === null ? null : togetherOf(row, who);
  const [now, past] = row.kind === 'ports' && isFilling(row) ? FILLING : DEEDS[row.kind];
  const does = row.state === 'open' ? now : past;
  return {
    name: together ?? (who && ownerName(who)) ?? anonymous(row),
    beside: together === null ? who && besideName(who.process) : null,
    does: together === null ? does : ofSeveral(does),
    toward: PLACELESS.has(row.kind) ? null : towardOf(row),
    other: PLACELESS.has(row.kind) ? null : otherEnd(row.destination),
    place: namespaceName(row),
  };
}

/** Nothing has failed and ports are left. */
export const isFilling = ({ exhaustionSeconds, failed }: IncidentRow): boolean =>
  exhaustionSeconds !== 0 && failed === 0;

function towardOf({ kind, destination }: IncidentRow): string | null {
  return kind === 'scan' ? destination.address : endpoint(destination);
}

/** Of ports who holds them, else whose calls fail; null: several, or it is not known who. */
function whoOf({ kind, culprits, victims, failed }: IncidentRow): Culprit | Victim | null {
  const holder = culprits.find((one) => ownerName(one) !== null && (one.share ?? 1) >= NAMED_SHARE);
  if (isPorts(kind)) return holder ?? null;
  const [victim] = victims;
  if (victim === undefined) return null;
  return victims.length > 1 && victim.failed < failed / 2 ? null : victim;
}

/** `left.py and right.py`: another one holds about as many; null: nobody does. */
function togetherOf({ kind, culprits }: IncidentRow, first: Culprit | Victim): string | null {
  if (!isPorts(kind) || !('ports' in first)) return null;
  const isBeside = (one: Culprit) =>
    one !== first && ownerName(one) !== null && one.ports >= NAMED_BESIDE * first.ports;
  const beside = culprits.filter(isBeside);
  const [second] = beside;
  if (second === undefined) return null;
  const names = [ownerName(first), ownerName(second)];
  return beside.length === 1
    ? names.join(' and ')
    : `${names.join(', ')} and ${integer(beside.length - 1)} more`;
}

const ofSeveral = (does: string) =>
  does.replace(/^has /, 'have ').replace(/^is /, 'are ').replace(/^was /, 'were ');

/** What stands for whoever cannot be named: who holds ports, else whose calls fail. One without a name may be one of the others. */
function anonymous({ kind, culprits, victims }: IncidentRow): string {
  const named = (isPorts(kind) ? culprits : victims).filter((one) => ownerName(one) !== null);
  return named.length > 1 ? 'More than one program' : 'An unknown program';
}

/** The same as one line: for lists, titles and the terminal. */
export function subjectText(row: IncidentRow): string {
  const { name, beside, does, toward, other, place } = subjectOf(row);
  const named = toward === null || other === null ? toward : toward + inSentence(row.destination);
  const who = beside === null ? name : `${name} (${beside})`;
  return [who, does, named, `in ${place}`].filter((part) => part !== null).join(' ');
}

export interface Figure {
  value: string;
  /** Beside it, smaller: what it is to be compared with. */
  against: string | null;
  label: string;
  /** It is not zero and should be. */
  isBroken: boolean;
}

/** What is asked of the ports beside what they allow, or what fails; then how long is left, or how much has failed. */
export function figuresOf(row: IncidentRow): readonly [Figure, Figure] {
  return [firstFigure(row), secondFigure(row)];
}

function firstFigure(row: IncidentRow): Figure {
  const { demandPerSec, sustainablePerSec, culprits, kind, failPerSec } = row;
  if (demandPerSec !== null) {
    const against = sustainablePerSec === null ? null : `of ${rate(sustainablePerSec)}/s`;
    const label = against === null ? 'connections wanted' : 'connections wanted · sustainable';
    return { value: `${rate(demandPerSec)}/s`, against, label, isBroken: false };
  }
  const [first] = culprits;
  if (isPorts(kind) && first !== undefined)
    return { value: integer(first.ports), against: null, label: 'ports held by the first', isBroken: false };
  return { value: `${rate(failPerSec)}/s`, against: null, label: failing(row), isBroken: failPerSec > 0 };
}

function failing({ kind }: IncidentRow): string {
  if (kind === 'overflow') return 'TIME_WAIT entries dropped';
  return kind === 'bind' || kind === 'bind-pool' ? 'calls of bind() that fail' : 'connects that fail';
}

function secondFigure(row: IncidentRow): Figure {
  const { exhaustionSeconds, failed, failPerSec, since, lowerBound } = row;
  if (failed === 0 && exhaustionSeconds !== null) return countdown(exhaustionSeconds);
  const value = `${lowerBound ? '≥ ' : ''}${integer(failed)}`;
  const what = row.kind === 'overflow' ? 'entries dropped' : 'calls failed';
  const label = `${what} since ${clock(since)}`;
  return { value, against: `${rate(failPerSec)}/s now`, label, isBroken: failPerSec > 0 };
}

function countdown(left: number): Figure {
  const none = { value: 'none left', label: 'the next connect fails', isBroken: true };
  const some = { value: seconds(left), label: 'until no port is left', isBroken: false };
  return { against: null, ...(left === 0 ? none : some) };
}

/** Once the trouble has ended, culprits are who had caused it. */
export const culpritsTitle = ({ state }: Pick<IncidentRow, 'state'>) =>
  state === 'open' ? 'Who holds the ports' : 'Who held the ports';

/** Above remedies and in front of them, in the order in which they are told: the cure, what helps until it is there, what does not help. */
export const ROLE_WORDS: Readonly<Record<RemedyRole, string>> = {
  'fix-for-good': 'Fix for good',
  'do-now': 'Do now',
  'will-not-help': 'Will not help',
};

export interface Actions {
  /** What to do first; null: nothing is known, or nothing helps. */
  first: IncidentRemedy | null;
  /** A command for this moment, where the first is none; or what takes back one that was applied. */
  now: IncidentRemedy | null;
}

/** In the order of the service, which never changes. */
export function actionsOf({ remedies }: Pick<IncidentRow, 'remedies'>): Actions {
  const [first = null] = remedies.filter(({ role }) => role !== 'will-not-help');
  const isNow = (one: IncidentRemedy) => one.role === 'do-now' && (one.command ?? one.undo) !== null;
  return { first, now: remedies.find((one) => one !== first && isNow(one)) ?? null };
}

/** What a button copies; null: it is only told. */
export const pasted = ({ command, snippet }: IncidentRemedy): string | null => command ?? snippet;

/** Which incident a screen shows: the one that was chosen, else the one that is shown while it is held, else the worst. */
export function shownIncident(
  rows: readonly { key: string }[],
  { chosen, shown, held }: { chosen: string | null; shown: string | null; held: boolean },
): string | null {
  const has = (key: string | null) => key !== null && rows.some((row) => row.key === key);
  if (has(chosen)) return chosen;
  return held && has(shown) ? shown : (rows[0]?.key ?? null);
}

/** `2,000 of 2,000 calls failed`: for lists of incidents that are over. */
export function endedText({ failed, until, since }: IncidentRow): string {
  const lasted = until === null ? UNKNOWN : seconds((until - since) / 1000);
  return `${counted(failed, 'call')} failed in ${lasted}`;
}

/** The last change of which it is known whether it worked, with what was changed beside it; null: there is none. */
export function lastChange({ changes }: Pick<IncidentRow, 'changes'>): Change | null {
  const last = changes.findLast(({ worked, kind }) => worked !== null && kind !== 'end');
  if (last === undefined) return null;
  const together = changes.filter(
    ({ time, kind }) => Math.abs(time - last.time) <= TOGETHER_MS && kind !== 'end',
  );
  /* One of them may only protect what the other changes. */
  const shown = together.find(({ worked }) => worked === true) ?? last;
  const alike = together.filter(({ worked }) => worked === shown.worked);
  return { ...shown, text: alike.map(({ text }) => text).join(', ') };
}

/** What a change did. Where more fails after it than before, that is what it did, whatever else may have. @param all of its incident */
export function changeWords(change: Change, all: readonly Change[] = []): string {
  const { kind, worked, failPerSecBefore, failPerSecAfter } = change;
  if (kind === 'end') return `${rate(failPerSecBefore)} → ${rate(failPerSecAfter)} failures/s`;
  if (worked) return 'worked';
  if (failPerSecAfter === null && isTakenBack(change, all)) return 'was taken back';
  if ((failPerSecAfter ?? 0) > failPerSecBefore) return 'failures came after it';
  if (failPerSecBefore === 0) return 'nothing failed before it';
  if (failPerSecAfter === null) return 'not known whether it helped';
  return failPerSecAfter === 0 ? 'cannot have helped' : 'did not help';
}

/** `tcp_tw_reuse 0 → 1`, and later `tcp_tw_reuse 1 → 0`: what had worked until then has no credit any more. */
function isTakenBack({ kind, text, time }: Change, all: readonly Change[]): boolean {
  const [from, to] = text.split(' → ');
  const [, name, was] = /^([a-z_ ]+?) ([\d ]+)$/.exec(from ?? '') ?? [];
  if (kind !== 'setting' || name === undefined || to === undefined) return false;
  return all.some((one) => one.time > time && one.text === `${name} ${to} → ${was}`);
}
