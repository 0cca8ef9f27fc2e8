/**
 * Into which bands the ports held are divided: by the programs that hold most of them; where that is not said, by state. In: a history body.
 * Out: bands from bottom to top, each with its own column. Pure.
 */
import type { Column, HistoryBody } from '../../src/protocol/history.js';
import { UNKNOWN_OWNER } from '../../src/view/names.js';
import { OWN_TINTS } from '../../src/view/ports/tints.js';
import { foreign } from '../text/format.js';

export interface Band {
  id: string;
  label: string;
  /** The style sheet's colour for it is `--c-TINT`. */
  tint: string;
  column: Column;
}

/** Programs with a band of their own. */
export const MOST_OWNERS = 5;

const STATES = [
  { id: 'established', label: 'estab.' },
  { id: 'other', label: 'other' },
  { id: 'timeWait', label: 'TIME_WAIT' },
  { id: 'blocked', label: 'blocked' },
] as const;

export function bandsOf(body: HistoryBody): Band[] {
  const byState = STATES.map(({ id, label }) => ({ id, label, tint: id, column: body[id] }));
  if (body.owners === undefined) return byState;
  const named = ownersOf(body.owners);
  const used = sum([body.established, body.other, body.timeWait]);
  const held = named.length === 0 ? [] : sum(named.map(({ column }) => column));
  const rest = used.map((ports, at) => (ports === null ? null : Math.max(0, ports - (held[at] ?? 0))));
  const others = {
    id: 'others',
    label: named.length === 0 ? 'held' : 'others',
    tint: 'others',
    column: rest,
  };
  return [...named, ...(total(rest) > 0 || named.length === 0 ? [others] : []), ...byState.slice(-1)];
}

export const total = (column: Column) => column.reduce<number>((all, value) => all + (value ?? 0), 0);

type Owners = NonNullable<HistoryBody['owners']>;

/** Those that hold most at the bottom, where a band is read best. */
function ownersOf(owners: Owners): Band[] {
  const most = mostOf(owners);
  const tints = tintsOf(most);
  return most.map(({ program, held }) => ({
    id: `owner ${program}`,
    label: program === null ? UNKNOWN_OWNER : foreign(program),
    tint: `owner-${program === null ? 'unknown' : tints.get(program)}`,
    column: held,
  }));
}

function mostOf(owners: Owners): Owners {
  return owners
    .map(({ program, held }) => ({ program, held, ports: total(held) }))
    .sort((a, b) => b.ports - a.ports || (a.program ?? '').localeCompare(b.program ?? ''))
    .slice(0, MOST_OWNERS);
}

/** The tints of the programs that have a band, for other pictures of the same ports. */
export const programTints = ({ owners = [] }: HistoryBody): ReadonlyMap<string, number> =>
  tintsOf(mostOf(owners));

function tintsOf(most: Owners): Map<string, number> {
  const tints = new Map<string, number>();
  const taken = new Set<number>();
  for (const { program } of most) if (program !== null) tints.set(program, tintOf(program, taken));
  return tints;
}

/** By its name, so that a program keeps its colour when ranks change. */
function tintOf(program: string, taken: Set<number>): number {
  let hash = 0;
  for (let at = 0; at < program.length; at++) hash = (hash * 31 + program.charCodeAt(at)) >>> 0;
  let tint = hash % OWN_TINTS;
  while (taken.has(tint)) tint = (tint + 1) % OWN_TINTS;
  taken.add(tint);
  return tint;
}

/** Seconds in which nothing is known stay gaps; a part that is unknown adds nothing. */
export function sum(parts: readonly Column[]): Column {
  const [first = []] = parts;
  return first.map((_, at) =>
    parts.every((part) => part[at] == null) ? null : parts.reduce((all, part) => all + (part[at] ?? 0), 0),
  );
}
