/**
 * What the verdict says of an incident, and how the others are named beside it. In: an account of it, time. Out: text, its level and the
 * number that people watch. Pure. Names of other processes are written as they are: whoever prints escapes.
 */

import { isPorts } from '../../forecast/harm.js';
import { outlook } from '../../forecast/outlook.js';
import { heldText, place, runningOutText, runsOutText } from '../../forecast/outlook-words.js';
import { isBlockedByUnknown } from '../../forecast/takers.js';
import type { IncidentRow, VerdictRow } from '../../protocol/rows.js';
import { namedCulprits } from '../culprit-text.js';
import { clock, integer, namespaceOf, rate, tenths, where, whoOperates } from '../words.js';
import type { Account } from './incident.js';

export interface Sentence extends Pick<VerdictRow, 'level' | 'text' | 'exhaustionSeconds' | 'budget'> {
  /** Which kind of sentence it is: another kind is said at once. */
  readonly what: string;
  readonly number: number;
  /** Whom it names, where it names somebody. */
  readonly who?: string | null;
}

export function sentenceOf(account: Account, time: number): Sentence {
  const { row } = account;
  if (!isPorts(row.kind))
    return {
      ...about(row, 'warning', row.title, row.title),
      exhaustionSeconds: null,
      number: row.failPerSec,
    };
  return row.severity === 'critical' ? outOfPorts(account) : running(account, time);
}

const about = (row: IncidentRow, level: VerdictRow['level'], text: string, kind = '') => ({
  level,
  text,
  budget: row.budget,
  what: `${row.key} ${level} ${kind}`,
});

function outOfPorts({ row, budget, failures, failsSince, isOnAndOff }: Account): Sentence {
  const toward = place(budget ?? failures[0] ?? null);
  const fails =
    row.failPerSec === 0
      ? 'Nothing has failed lately, but the next connect would.'
      : `${rate(row.failPerSec)} ${failures[0]?.call ?? 'connect'}s/s fail${sinceText(failsSince ?? row.since, row.failed, isOnAndOff)} (${failures[0]?.errno}).`;
  return {
    ...about(row, 'critical', `Out of ports ${toward}. ${fails}`, row.failPerSec === 0 ? 'next' : 'fails'),
    exhaustionSeconds: 0,
    number: row.failPerSec,
  };
}

function sinceText(since: number, failed: number, isOnAndOff: boolean): string {
  return isOnAndOff
    ? `, on and off since ${clock(since)}, ${integer(failed)} so far`
    : ` since ${clock(since)}`;
}

function running({ row, budget, forecast }: Account, time: number): Sentence {
  if (budget === null || forecast === null)
    return { ...about(row, 'warning', row.title), exhaustionSeconds: null, number: 0 };
  const holder = isBlockedByUnknown(budget) ? null : namesOf(row);
  const next = outlook(budget);
  const left = Math.max(
    0,
    next.state === 'running-out' ? next.seconds : forecast.seconds - (time - forecast.time) / 1000,
  );
  if (left === 0)
    return {
      ...about(row, 'warning', heldText(budget, holder), 'held'),
      exhaustionSeconds: null,
      number: 0,
      who: holder,
    };
  return {
    ...about(row, 'warning', runningOutText(budget, holder, left, time), 'soon'),
    exhaustionSeconds: tenths(left),
    number: left,
    who: holder,
  };
}

/** As an operator knows them. */
function namesOf({ culprits }: IncidentRow): string {
  const named = namedCulprits(culprits).map(({ process, program }) => whoOperates(process, program));
  return named.length === 0 ? 'somebody' : named.join(' and ');
}

/** ` And 2 more: nobody listens on 10.77.0.9:6379; ports to 10.0.0.5:80 run out in blue.` */
export function othersText(others: readonly IncidentRow[], worst: IncidentRow): string {
  if (others.length === 0) return '';
  const named = namedOf(others)
    .map((row) => `${shortOf(row)}${elsewhere(row, worst)}`)
    .join('; ');
  return ` And ${integer(others.length)} more: ${named}${others.length > MOST_NAMED ? '; …' : '.'}`;
}

const MOST_NAMED = 2;

/** Those that stand in the text. */
export const namedOf = (others: readonly IncidentRow[]): readonly IncidentRow[] =>
  others.slice(0, MOST_NAMED);

/** The same address in another namespace is another place. */
function elsewhere(row: IncidentRow, worst: IncidentRow): string {
  return row.netnsId === worst.netnsId || row.kind === 'overflow' ? '' : ` in ${namespaceOf(row)}`;
}

/** In a few words, without numbers: they would change in the middle of a sentence. */
function shortOf(row: IncidentRow): string {
  const { kind, severity, destination } = row;
  const at = where(destination);
  const isOut = severity === 'critical';
  switch (kind) {
    case 'ports':
      return isOut ? `no port to ${at} is free` : runsOutText({ kind: 'tuple', destination });
    case 'bind-pool':
      return isOut ? 'bind() finds no port' : runsOutText({ kind: 'bind-pool', destination });
    case 'bind':
      return `bind() fails at ${at}`;
    case 'refused':
      return `nobody listens on ${at}`;
    case 'no-answer':
      return `${at} does not answer`;
    case 'unreachable':
      return `there is no way to ${at}`;
    case 'scan':
      return `many ports of ${destination.address} refuse`;
    case 'overflow':
      return `TIME_WAIT entries overflow in ${namespaceOf(row)}`;
    case 'other':
      return `connections to ${at} fail`;
  }
}
