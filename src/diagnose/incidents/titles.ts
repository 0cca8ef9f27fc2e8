/**
 * What an incident is, in one sentence: who, how many, toward what, and why that is too many. In: its row without a title. Out: text.
 * Pure. Names of other processes are written as they are: whoever prints escapes.
 */
import type { BudgetRow, IncidentRow } from '../../protocol/rows.js';
import { integer, rate, where, who } from '../words.js';
import { namedCulprit } from './people.js';

type Untitled = Omit<IncidentRow, 'title'>;

export function titleOf(row: Untitled, budget: BudgetRow | null): string {
  switch (row.kind) {
    case 'ports':
      return portsTitle(row, budget);
    case 'bind-pool':
      return poolTitle(row, budget);
    case 'bind':
      return `bind() of ${victim(row)} fails at ${where(row.destination)}: ${perSecond(row)}.`;
    case 'refused':
      return `Nobody listens on ${where(row.destination)}: ${connects(row)} of ${victim(row)} are refused.`;
    case 'no-answer':
      return `${where(row.destination)} does not answer: ${connects(row)} of ${victim(row)} fail.`;
    case 'unreachable':
      return `There is no way to ${where(row.destination)}: ${connects(row)} of ${victim(row)} fail.`;
    case 'scan':
      return `${victim(row)} tries many ports of ${row.destination.address}: ${connects(row)} are refused.`;
    case 'overflow':
      return `TIME_WAIT entries are over tcp_max_tw_buckets: the kernel drops ${perSecond(row)}.`;
    case 'other':
      return `Connections to ${where(row.destination)} fail: ${connects(row)} of ${victim(row)}.`;
  }
}

function portsTitle(row: Untitled, budget: BudgetRow | null): string {
  const culprit = namedCulprit(row.culprits);
  const toward = where(row.destination);
  const { demandPerSec, sustainablePerSec } = row;
  const limit = integer(budget?.limit ?? null);
  if (demandPerSec !== null && sustainablePerSec !== null && demandPerSec > sustainablePerSec) {
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
