/**
 * How ports stand, in sentences: the words of the verdict, of the whole machine (diagnose) and of a part of it (view). In: rows,
 * names, moments. Out: text. Pure. Names of other processes are written as they are: whoever prints escapes.
 */

import { clock, percent, rate, seconds, UNKNOWN } from '../protocol/format.js';
import { endpointInSentence } from '../protocol/parts/destination.js';
import type { BudgetRow, FailureRow } from '../protocol/rows.js';
import { byPlace, failPerSec, fullness, pressure } from './outlook.js';
import { isMostlyBlocked } from './takers.js';

/** Where a budget's ports go, or where a failed call wanted to go. */
export function place(row: BudgetRow | FailureRow | null): string {
  if (row === null) return 'here';
  if ('kind' in row && row.kind === 'bind-pool')
    return `for bind() on ${row.source.address ?? 'any address'}`;
  if (row.destination.address === null) return 'to many destinations';
  return `to ${endpointInSentence(row.destination) ?? UNKNOWN}`;
}

/** @param failing as `failingNow` gives them: the number is that of the first one's place. @param since time of day of the first; null: not said */
export function outOfPortsText(
  about: BudgetRow | FailureRow | null,
  failing: readonly FailureRow[],
  since: string | null,
): string {
  return `Out of ports ${place(about)}. ${failuresText(failing, since)}`;
}

function failuresText(failing: readonly FailureRow[], since: string | null): string {
  const [worst] = failing;
  if (worst === undefined) return 'Nothing has failed lately, but the next connect would.';
  const { here, elsewhere } = byPlace(failing);
  const calls = worst.call === 'bind' ? 'binds' : 'connects';
  const more = elsewhere.length === 0 ? '' : `, and ${rate(failPerSec(elsewhere))}/s more elsewhere`;
  return `${rate(failPerSec(here))} ${calls}/s fail${since === null ? '' : ` since ${since}`} (${worst.errno})${more}.`;
}

/**
 * @param holder null: bind() of programs that are not known blocks most of them. Who blocks them is not who wants them
 * @param left seconds. @param time Unix ms
 */
export function runningOutText(budget: BudgetRow, holder: string | null, left: number, time: number): string {
  const when = `in ${seconds(left)} (${clock(time + left * 1000)})`;
  if (holder !== null && !isMostlyBlocked(budget))
    return `At this rate ${holder} runs out of ports ${place(budget)} ${when}.`;
  return `At this rate ports ${place(budget)} run out ${when}; most are taken by bind() of ${holder ?? 'other programs'}.`;
}

/** @param holder as of `runningOutText` */
export function heldText(budget: BudgetRow, holder: string | null): string {
  const share = `${percent(fullness(budget) ?? 0)} of the ports ${place(budget)}`;
  if (holder === null) return `${share} are taken, most by bind() of other programs.`;
  const how = isMostlyBlocked(budget) ? 'taken, most by bind() of' : 'held, most by';
  return `${share} are ${how} ${holder}.`;
}

/** @param none what is said when there is no budget */
export function fineText(tightest: BudgetRow | null, none: string): string {
  const tight =
    tightest === null ? none : `Tightest budget: ${percent(pressure(tightest))} ${place(tightest)}.`;
  return `Ports are fine. ${tight}`;
}

/** A budget that is out, in a few words without numbers: beside a sentence that is about another. */
export function runsOutText({ kind, destination }: Pick<BudgetRow, 'kind' | 'destination'>): string {
  return kind === 'bind-pool'
    ? 'bind() runs out of ports'
    : `ports to ${destination.address === null ? 'many destinations' : (endpointInSentence(destination) ?? UNKNOWN)} run out`;
}
