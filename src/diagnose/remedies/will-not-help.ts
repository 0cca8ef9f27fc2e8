/**
 * What is advised everywhere and does not help here, each with the reason. In: an incident, in what state its ports are, settings. Out:
 * refusals. Pure.
 */
import type { BudgetRow, IncidentKind, IncidentRow, TotalsRow } from '../../protocol/rows.js';
import type { Actor } from '../types.js';
import { integer, where } from '../words.js';
import type { Held } from './holding.js';

export interface Refusal {
  /** The setting, or what it is about. */
  readonly text: string;
  readonly reason: string;
}

export interface Circumstances {
  readonly row: Pick<IncidentRow, 'kind' | 'destination'>;
  readonly budget: BudgetRow | null;
  readonly held: Held;
  readonly totals: TotalsRow | undefined;
  /** All of its namespace, both directions. */
  neighbours(): readonly Actor[];
}

export function willNotHelp(now: Circumstances): Refusal[] {
  const { kind } = now.row;
  if (kind === 'overflow') return [...accepted(now.neighbours()), FIN_TIMEOUT];
  if (kind !== 'ports' && kind !== 'bind-pool') return [noPorts(now.row)];
  return [...reuse(now), ...finTimeout(now), ACCEPTING];
}

const twReuse = (reason: string): Refusal => ({ text: 'tcp_tw_reuse', reason });

function reuse({ held, budget, totals }: Circumstances): Refusal[] {
  const { most, used, timeWait, finWait2 } = held;
  if (most === 'bind')
    return [
      twReuse(
        'bind() takes no port over from TIME_WAIT, and connect() takes none that bind() has chosen: of 130 tries 0 worked when it was measured.',
      ),
    ];
  if (most === 'fin-wait-2')
    return [
      twReuse(
        `It takes ports over from TIME_WAIT. ${of(finWait2, used)} are in FIN_WAIT2: the other side has not closed yet.`,
      ),
    ];
  if (most === 'live')
    return [
      twReuse(
        `It takes ports over from TIME_WAIT, and ${of(timeWait, used)} are there. Connections that are open hold the others.`,
      ),
    ];
  if (totals?.tcpTimestamps === 0)
    return [twReuse('It needs TCP timestamps, and net.ipv4.tcp_timestamps is 0 here.')];
  if (budget?.reuse !== 'after-delay') return [];
  return [twReuse(`It is ${totals?.tcpTwReuse ?? 'on'} and works here already: this is what is left.`)];
}

const of = (ports: number, used: number) => `${integer(ports)} of the ${integer(used)} ports held`;

const FIN_TIMEOUT: Refusal = {
  text: 'tcp_fin_timeout',
  reason: 'It does not shorten TIME_WAIT, which lasts 60 s whatever is set; it is about FIN_WAIT2 alone.',
};

function finTimeout({ held, budget }: Circumstances): Refusal[] {
  const isWaiting = held.most === 'time-wait' || (held.most === 'bind' && held.timeWait * 2 >= held.used);
  if (isWaiting) return [FIN_TIMEOUT];
  if (held.most !== 'live' || budget === null) return [];
  return [
    { ...FIN_TIMEOUT, reason: 'It is about FIN_WAIT2 alone. Connections that are open hold the ports.' },
  ];
}

/** Where the side that accepts closes first, the entries are its. */
function accepted(actors: readonly Actor[]): Refusal[] {
  const entries = (direction: 'in' | 'out') =>
    actors.reduce((sum, actor) => sum + (actor.direction === direction ? actor.timeWait : 0), 0);
  if (entries('in') <= entries('out')) return [];
  return [
    twReuse('It is for the side that connects. Most of these entries are of connections that were accepted.'),
  ];
}

const ACCEPTING: Refusal = {
  text: 'Settings of the side that accepts (somaxconn, tcp_max_syn_backlog)',
  reason: 'The side that connects is short of ports. A connection that is accepted takes none.',
};

function noPorts({ kind, destination }: Circumstances['row']): Refusal {
  const why = REASONS[kind]?.(where(destination)) ?? '';
  return { text: 'A wider port range, or tcp_tw_reuse', reason: `No call failed for want of a port${why}.` };
}

const REASONS: Readonly<Partial<Record<IncidentKind, (place: string) => string>>> = {
  refused: (place) => `: nobody listens on ${place}`,
  'no-answer': (place) => `: ${place} does not answer`,
  unreachable: (place) => `: there is no way to ${place}`,
  bind: () => ': bind() asked for one port or address, and how many others are free does not matter',
};
