/**
 * What an incident is, in one sentence: who, how many, toward what, and why that is too many. In: its row without a title. Out: text.
 * Pure. Names of other processes are written as they are: whoever prints escapes.
 */
import { isPorts } from '../../forecast/harm.js';
import { outsideOf } from '../../forecast/outlook.js';
import { isMostlyBlocked } from '../../forecast/takers.js';
import { inSentence } from '../../protocol/parts/destination.js';
import type { BudgetRow, Culprit, FailureRow, IncidentRow } from '../../protocol/rows.js';
import { culpritsText, isKnown, isSole, namedCulprits, soleAsker } from '../culprit-text.js';
import { bindText } from '../rules/failing/bind-text.js';
import { silenceText } from '../rules/failing/silence-text.js';
import { integer, rate, where, who } from '../words.js';
import type { Observation } from './observation.js';

type Untitled = Omit<IncidentRow, 'title'>;

export function titleOf(row: Untitled, seen: Observation): string {
  const { budget } = seen;
  switch (row.kind) {
    case 'ports':
      return portsTitle(row, budget);
    case 'bind-pool':
      return poolTitle(row, budget);
    case 'bind':
      return `${bindTitle(row, seen)}.`;
    case 'refused':
      return `Nobody listens on ${where(row.destination)}: ${connects(row)} of ${victim(row)} are refused.`;
    case 'no-answer':
      return `${silenceTitle(row, seen)}.`;
    case 'unreachable':
      return `There is no way to ${where(row.destination)}: ${connects(row)} of ${victim(row)} fail.`;
    case 'scan':
      return `${victim(row)} tries ${portsTried(seen)} ports of ${row.destination.address}${inSentence(row.destination)}: ${connects(row)} are refused.`;
    case 'overflow':
      return `TIME_WAIT entries are over tcp_max_tw_buckets: the kernel drops ${perSecond(row)}.`;
    case 'other':
      return `Connections to ${where(row.destination)} fail: ${connects(row)} of ${victim(row)}.`;
  }
}

/** Those that stand in it. */
export function numbersOf(row: Untitled, { budget, answeredPerSec = 0 }: Observation): number[] {
  const { kind, demandPerSec, sustainablePerSec, failPerSec, culprits } = row;
  if (!isPorts(kind)) return [failPerSec, answeredPerSec];
  if (kind === 'ports' && isTooMuch(row, budget)) return [demandPerSec ?? 0, sustainablePerSec ?? 0];
  const ports = namedCulprits(culprits).map((one) => one.ports);
  return [...ports, budget?.limit ?? 0, budget === null ? 0 : outsideOf(budget)];
}

/** Who stands in it before all others, where anybody does. */
export function firstOf({ kind, culprits, victims }: Untitled): string {
  const [first] = isPorts(kind) ? namedCulprits(culprits) : victims;
  return first === undefined ? '' : who(first.process, first.program);
}

/** Of ports that bind() blocks, what is asked for is another program's. */
const isTooMuch = ({ demandPerSec, sustainablePerSec }: Untitled, budget: BudgetRow | null) =>
  demandPerSec !== null &&
  sustainablePerSec !== null &&
  demandPerSec > sustainablePerSec &&
  !(budget !== null && isMostlyBlocked(budget));

function portsTitle(row: Untitled, budget: BudgetRow | null): string {
  const ports = `ports to ${where(row.destination)}`;
  if (isTooMuch(row, budget)) return demandTitle(row, budget);
  return budget !== null && isMostlyBlocked(budget)
    ? blockedTitle(row, ports, budget)
    : heldTitle(row, ports, budget);
}

function demandTitle(row: Untitled, budget: BudgetRow | null): string {
  const { culprits, victims, demandPerSec, sustainablePerSec } = row;
  const allowed = `${integer(budget?.limit ?? null)} ports allow ${rate(sustainablePerSec)}/s`;
  const tried = `${rate(demandPerSec)} connections/s to ${where(row.destination)}`;
  const named = namedCulprits(culprits);
  if (named.length === 0) {
    const asker = soleAsker(culprits, victims, demandPerSec ?? 0);
    return `${asker === null ? 'Programs try' : `${who(asker.process, asker.program)} tries`} ${tried}; ${allowed}.`;
  }
  const text = culpritsText(named, culprits);
  if (isSole(culprits, victims, demandPerSec ?? 0)) return `${text} tries ${tried}; ${allowed}.`;
  const all = culprits.filter(isKnown).length === 1 ? `${text} and others` : text;
  return `${all} try ${tried} together; ${allowed}.`;
}

/** Whose bind() has taken the ports is not who wants them. */
function blockedTitle({ culprits }: Untitled, ports: string, { limit, blocked }: BudgetRow): string {
  const [first] = namedCulprits(culprits);
  const of = `of the ${integer(limit)} ${ports}`;
  const most = Math.min(limit ?? Number.POSITIVE_INFINITY, blocked ?? 0);
  if (first === undefined) return `bind() of other programs blocks ${integer(most)} ${of}.`;
  const count = Math.min(most, first.ports);
  return `bind() of ${who(first.process, first.program)} blocks ${integer(count)} ${of}.`;
}

function poolTitle(row: Untitled, budget: BudgetRow | null): string {
  const source = budget?.source.address ?? 'any address';
  return heldTitle(row, `ports that bind() can give on ${source}`, budget);
}

function heldTitle({ culprits }: Untitled, ports: string, budget: BudgetRow | null): string {
  const limit = integer(budget?.limit ?? null);
  const named = namedCulprits(culprits);
  const outside = budget === null ? 0 : outsideOf(budget);
  if (named.length === 0) return `The ${limit} ${ports} are taken.`;
  /* Culprits and budget are counted at different moments: while entries end, those may be more than there are ports. */
  const most = outside === 0 ? (budget?.limit ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  const { text, counts, held } = holding(named, culprits, most);
  if (outside === 0) return `${text} ${counts} of the ${limit} ${ports}.`;
  const beyond = `${integer(outside)} outside of the range`;
  if (held < (budget?.used ?? 0))
    return `${text} ${counts} ports, of all that are held ${beyond}; there are ${limit} ${ports}.`;
  return `${text} ${integer(held - outside)} of the ${limit} ${ports}, and ${beyond}.`;
}

/** One who stands out alone, else all. @param most ports that one can hold */
function holding(named: readonly Culprit[], culprits: readonly Culprit[], most: number) {
  const all = named.length === 1 ? named : culprits.filter(isKnown);
  const held = all.reduce((sum, { ports }) => sum + ports, 0);
  const counts = all.length > named.length ? [held] : named.map(({ ports }) => ports);
  const verb = all.length === 1 ? 'holds' : 'hold';
  return {
    text: `${culpritsText(named, all)} ${verb}`,
    counts: counts.map((count) => integer(Math.min(most, count))).join(' and '),
    held,
  };
}

function bindTitle(row: Untitled, { rows, holder = null }: Observation): string {
  const most = largest(rows, ({ perSec }) => perSec);
  const { destination, failPerSec: perSec } = row;
  const { cause = 'other', errno = null } = most ?? {};
  const named = holder === null ? null : who(holder.process, holder.program);
  return bindText({ destination, cause, errno, perSec }, victim(row), named);
}

function silenceTitle(row: Untitled, { rows, answeredPerSec = 0 }: Observation): string {
  const last = largest(rows, ({ lastSeen }) => lastSeen);
  const { destination, failPerSec: perSec } = row;
  const waitedMs = last?.waitedMs ?? null;
  return silenceText({ at: where(destination), perSec, answeredPerSec, waitedMs, by: victim(row) });
}

function largest(
  rows: readonly FailureRow[],
  of: (row: FailureRow) => number | null,
): FailureRow | undefined {
  let most: FailureRow | undefined;
  for (const row of rows) if (most === undefined || (of(row) ?? 0) > (of(most) ?? 0)) most = row;
  return most;
}

const portsTried = ({ rows }: Observation) => integer(new Set(rows.map((row) => row.destination.port)).size);

/** The one whose calls fail most; `several programs` when nobody has a clear part. */
function victim({ victims, failed }: Untitled): string {
  const [first] = victims;
  if (first === undefined) return 'an unknown process';
  return victims.length > 1 && first.failed < failed / 2
    ? 'several programs'
    : who(first.process, first.program);
}

const perSecond = ({ failPerSec }: Untitled) => `${rate(failPerSec)}/s`;
const connects = (row: Untitled) => `${rate(row.failPerSec)} connects/s`;
