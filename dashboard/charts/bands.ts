/**
 * Into which bands the ports held are divided: by the programs that hold most of them; where that is not said, by state. In: a history body.
 * Out: bands from bottom to top, each with its own column. Pure.
 */
import type { Column, HistoryBody } from '../../src/protocol/history.js';
import { UNKNOWN_OWNER } from '../../src/view/names.js';
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
/** One more than bands, so that a colour that is taken has a neighbour. */
const OWNER_TINTS = MOST_OWNERS + 1;

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

/** Those that hold most at the bottom, where a band is read best. */
function ownersOf(owners: NonNullable<HistoryBody['owners']>): Band[] {
  const most = owners
    .map(({ program, held }) => ({ program, held, ports: total(held) }))
    .sort((a, b) => b.ports - a.ports || (a.program ?? '').localeCompare(b.program ?? ''))
    .slice(0, MOST_OWNERS);
  const taken = new Set<number>();
  return most.map(({ program, held }) => ({
    id: `owner ${program}`,
    label: program === null ? UNKNOWN_OWNER : foreign(program),
    tint: `owner-${tintOf(program ?? '', taken)}`,
    column: held,
  }));
}

/** By its name, so that a program keeps its colour when ranks change. */
function tintOf(program: string, taken: Set<number>): number {
  let hash = 0;
  for (let at = 0; at < program.length; at++) hash = (hash * 31 + program.charCodeAt(at)) >>> 0;
  let tint = hash % OWNER_TINTS;
  while (taken.has(tint)) tint = (tint + 1) % OWNER_TINTS;
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
