/**
 * What an incident is, in one sentence: who, how many, toward what, and why that is too many. In: its row without a title. Out: text.
 * Pure. Names of other processes are written as they are: whoever prints escapes.
 */
import { isPorts } from '../../forecast/harm.js';
import type { BudgetRow, FailureRow, IncidentRow } from '../../protocol/rows.js';
import { bindText } from '../rules/failing/bind-text.js';
import { silenceText } from '../rules/failing/silence-text.js';
import { integer, rate, where, who } from '../words.js';
import type { Observation } from './observation.js';
import { namedCulprit } from './people.js';

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
      return `${victim(row)} tries ${portsTried(seen)} ports of ${row.destination.address}: ${connects(row)} are refused.`;
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
  if (kind === 'ports' && isTooMuch(row)) return [demandPerSec ?? 0, sustainablePerSec ?? 0];
  return [namedCulprit(culprits)?.ports ?? 0, budget?.limit ?? 0];
}

const isTooMuch = ({ demandPerSec, sustainablePerSec }: Untitled) =>
  demandPerSec !== null && sustainablePerSec !== null && demandPerSec > sustainablePerSec;

function portsTitle(row: Untitled, budget: BudgetRow | null): string {
  const culprit = namedCulprit(row.culprits);
  const toward = where(row.destination);
  const { demandPerSec, sustainablePerSec } = row;
  const limit = integer(budget?.limit ?? null);
  if (isTooMuch(row)) {
    const allowed = `${limit} ports allow ${rate(sustainablePerSec)}/s`;
    const tried = `${rate(demandPerSec)} connections/s to ${toward}`;
    return culprit === null
      ? `Programs try ${tried}; ${allowed}.`
      : `${who(culprit.process, culprit.program)} tries ${tried}; ${allowed}.`;
  }
  return heldTitle(row, `ports to ${toward}`, limit);
}

function poolTitle(row: Untitled, budget: BudgetRow | null): string {
  const source = budget?.source.address ?? 'any address';
  return heldTitle(row, `ports that bind() can give on ${source}`, integer(budget?.limit ?? null));
}

function heldTitle(row: Untitled, ports: string, limit: string): string {
  const culprit = namedCulprit(row.culprits);
  if (culprit === null) return `The ${limit} ${ports} are taken.`;
  return `${who(culprit.process, culprit.program)} holds ${integer(culprit.ports)} of the ${limit} ${ports}.`;
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
