/**
 * A port budget in words and as a bar. In: budget rows. Out: text and counts, without colour; names in it are not yet safe
 * to show (protocol/format.ts).
 */
import { fullness, outlook } from '../forecast/outlook.js';
import { isBlockedByUnknown, NAMED_BESIDE, type Taken, type Taker, takersOf } from '../forecast/takers.js';
import { integer, seconds } from '../protocol/format.js';
import { MOST_HOLDERS } from '../protocol/names.js';
import type { BudgetRow, ProcessInfo } from '../protocol/rows.js';
import { withPid } from './names.js';

export interface OutlookWords {
  /** A phrase of its own: `runs out in 2 min 10 s`. */
  alone: string;
  /** Below a heading "Runs out": `in 2 min 10 s`. */
  headed: string;
  /** What explains the headed words. */
  detail: string;
}

/** What comes next for a budget; more ports held than there are need a word of their own. */
export function outlookWords(row: BudgetRow): OutlookWords {
  const words = nextWords(row);
  const outside = outsideText(row);
  if (outside === null) return words;
  return { ...words, alone: `${words.alone}, ${outside}`, detail: `${words.detail}; ${outside}` };
}

/** The range was narrowed while ports were held, or programs bind ports outside of it: the kernel shows them too. */
function outsideText({ used, limit, blocked, free }: BudgetRow): string | null {
  if (used === null || limit === null) return null;
  const outside = used + (blocked ?? 0) + (free ?? 0) - limit;
  if (free !== null && free > 0 && outside > 0) return `${integer(outside)} of them outside the range`;
  if (used <= limit) return null;
  return `${integer(used - limit)} or more of them outside the range`;
}

function nextWords(row: BudgetRow): OutlookWords {
  const next = outlook(row);
  const never = { headed: 'no', detail: 'not at the present rate' };
  switch (next.state) {
    case 'out':
      return {
        alone: next.backSeconds === null ? 'out of ports' : `out, back from ${seconds(next.backSeconds)} on`,
        headed: 'out of ports',
        detail: 'no new connection gets a port',
      };
    case 'running-out':
      return {
        alone: `runs out in ${seconds(next.seconds)}`,
        headed: `in ${seconds(next.seconds)}`,
        detail: 'at the present rate',
      };
    case 'reused':
      return {
        alone: 'no end: TIME_WAIT is reused',
        headed: 'no, reused',
        detail: 'connect() takes TIME_WAIT ports over',
      };
    case 'unwanted':
      return {
        alone: 'nobody binds from it',
        headed: 'no',
        detail: 'no bind() wanted one of its ports lately',
      };
    case 'draining':
      return { alone: `ports come back from ${seconds(next.backSeconds)} on`, ...never };
    case 'steady':
      return { alone: 'does not fill', ...never };
  }
}

type NameOf = (process: ProcessInfo) => string | null;

/**
 * `worker 77 (20,001)`: who has taken how many of its ports, the largest first; also by a bind() that blocks them for it.
 * @param nameOf what a process is called on this surface
 */
export function holderTexts(row: Taken, nameOf: NameOf = ({ name }) => name): string[] {
  return takersOf(row).map((taker) => takerText(taker, nameOf));
}

function takerText({ process, ports, blocked }: Taker, nameOf: NameOf): string {
  const how = blocked === ports && blocked > 0 ? ' by bind()' : '';
  return `${withPid(nameOf(process), process.pid)} (${integer(ports)}${how})`;
}

const MOST_NAMED = 2;

const isUnknown = ({ process: { name, pid } }: Taker) => name === null && pid === null;

/**
 * `held by left.py 7 (1,003) and right.py 8 (997)`, `held by worker 77 (9,000) and 2 more; 66 of unknown owner`: who has taken the ports;
 * null: nobody has. Where that is not known of most of them there is no name, and no number of those that a row has no room for.
 */
export function heldByText(row: Taken, nameOf?: NameOf): string | null {
  if (isBlockedByUnknown(row)) return 'blocked by bind() of other programs';
  const takers = takersOf(row);
  const [first] = takers;
  if (first === undefined) return null;
  const named = takers.filter(({ ports }) => ports >= NAMED_BESIDE * first.ports).slice(0, MOST_NAMED);
  const texts = holderTexts(row, nameOf).slice(0, named.length);
  const others = takers.filter((taker) => !named.includes(taker));
  const more = others.filter((taker) => !isUnknown(taker)).length;
  const unknown = others.find(isUnknown)?.ports ?? 0;
  const rest = row.holders.length >= MOST_HOLDERS ? 'more' : `${integer(more)} more`;
  const known = more > 0 ? `${texts.join(', ')} and ${rest}` : texts.join(' and ');
  return `held by ${known}${unknown > 0 ? `; ${integer(unknown)} of unknown owner` : ''}`;
}

/** Shares of the limit, together never more than all of it: ports that are held for good, and TIME_WAIT entries that connect() takes over. */
export function barParts(row: BudgetRow): { solid: number; reused: number } {
  const full = fullness(row) ?? 0;
  const isReused = outlook(row).state === 'reused' && row.limit !== null && row.limit > 0;
  const reused = isReused ? Math.min(full, (row.timeWait ?? 0) / (row.limit ?? 1)) : 0;
  return { solid: full - reused, reused };
}

/** How many of a bar's `cells` are full: to the nearest, but only a full budget fills the last one. */
export function filledCells(row: BudgetRow, cells: number): number {
  const share = fullness(row) ?? 0;
  return share === 1 ? cells : Math.min(cells - 1, Math.round(share * cells));
}

/** Seconds of one step of `releasing`. */
export const RETURN_STEP = 5;
/** As far as the skyline reaches at least: the length of a TIME_WAIT entry. */
const LEAST_SECONDS = 60;

export interface ReturnStep {
  /** The end of the step, in seconds from now. */
  within: number;
  ports: number;
}

/** Ports that come back in each of the next steps, also in those without any. */
export function returnSteps({ releasing }: Pick<BudgetRow, 'releasing'>): ReturnStep[] {
  const ports = new Map(releasing);
  const last = Math.max(LEAST_SECONDS, ...ports.keys());
  return Array.from({ length: last / RETURN_STEP }, (_, i) => {
    const within = (i + 1) * RETURN_STEP;
    return { within, ports: ports.get(within) ?? 0 };
  });
}
