/**
 * What to change: in the application (by runtime), and of the kernel's settings, with undo and side effect. In: a
 * process, a namespace's row. Out: cures and advice for candidates. Pure. `tcp_tw_recycle` has no place here: it
 * broke clients behind NAT and is gone since Linux 4.12.
 */
import { choosesByBind } from '../forecast/reuse.js';
import type { BudgetRow, Fix, Place, ProcessInfo, TotalsRow } from '../protocol/rows.js';
import { closing } from './advice/closes.js';
import { lineFinders } from './advice/find-line.js';
import { lateBind } from './advice/late-binds.js';
import { placeOf } from './advice/place.js';
import { nginxFixes, reuse, usualReuse } from './advice/reuse.js';
import { actorIndexOf } from './incidents/actor-index.js';
import { asSpan, holds, joined, spansText } from './remedies/ports.js';
import { changeOf } from './remedies/settings.js';
import { isFastCgiServer, protocolOf, type Runtime, runtimeOf, spokenBy } from './runtime.js';
import type { Actor, Advice, Cure, Facts, PortSpan, PortUse, Setting, Tables } from './types.js';
import { integer } from './words.js';

/** The widest range that leaves the privileged ports alone. */
export const WIDEST: readonly [number, number] = [1024, 65_535];
/** net.ipv4.ip_local_port_range as every distribution has it: 28,232 ports. */
export const DEFAULT_RANGE: readonly [number, number] = [32_768, 60_999];
export const DEFAULT_PORTS = 28_232;

export function runtime(process: ProcessInfo, facts: Facts): Runtime {
  return runtimeOf(process, facts.runtimeOf(process));
}

/** Reuse connections, in the language of the process: one fix for each of the usual libraries. */
export function reuseFixes(
  process: ProcessInfo,
  destination: Place,
  facts: Facts,
  tables?: Tables,
): [Cure, ...Cure[]] {
  const [first, ...more] = reusing(runtime(process, facts), destination, acceptorOf(destination, tables));
  const cure = (fix: Fix): Cure => ({ ...fix, change: { reused: 1 } });
  return [cure(first), ...more.map(cure)];
}

function reusing(runs: Runtime, destination: Place, acceptor: ProcessInfo | null): [Fix, ...Fix[]] {
  const place = placeOf(destination);
  if (runs === 'nginx') return nginxFixes(place, destination, acceptor);
  const spoken = acceptor === null ? null : spokenBy(acceptor);
  return spoken === null ? usualReuse(runs, protocolOf(destination), place) : reuse(runs, spoken, place);
}

/** The first of them. */
export const reuseFix = (...of: Parameters<typeof reuseFixes>): Cure => reuseFixes(...of)[0];

/**
 * Who accepts there, where that is on this machine: whom its connections lead to, else who is known to accept at this address. Loopback is
 * another place in each namespace, so its fix may name both.
 */
function acceptorOf(destination: Place, tables: Tables | undefined): ProcessInfo | null {
  if (destination.peer) return destination.peer.process;
  const isAlike = ({ process }: Actor, { process: other }: Actor) =>
    isFastCgiServer(process) === isFastCgiServer(other) && spokenBy(process) === spokenBy(other);
  const found = tables === undefined ? [] : actorIndexOf(tables).acceptingAt(destination);
  const [first] = found;
  return first !== undefined && found.every((one) => isAlike(one, first)) ? first.process : null;
}

export function lateBindFix(process: ProcessInfo, destination: Place, facts: Facts): Fix {
  return lateBind(runtime(process, facts), placeOf(destination));
}

export function closeFix(process: ProcessInfo, facts: Facts): Fix {
  return closing(runtime(process, facts));
}

/** Where to look in the code; none where that cannot be said. */
export function findLine(process: ProcessInfo, destination: Place, facts: Facts): Fix[] {
  return lineFinders(runtime(process, facts), process, destination);
}

/**
 * Ports on which something listens come into the range by it, and could be given to a connection while their program starts again: the
 * same command reserves them. Null: it is as wide as it can be, or not known.
 */
export function widen(totals: TotalsRow | undefined, process: ProcessInfo, facts: Facts): Advice | null {
  const range = totals?.portRange ?? null;
  if (range === null || range[1] - range[0] >= WIDEST[1] - WIDEST[0]) return null;
  const ports = WIDEST[1] - WIDEST[0] + 1;
  const use = facts.portsOf(totals?.netnsId ?? null);
  const exposed = use === null ? [] : exposedBy(use, range, WIDEST);
  const settings = [
    ...(use === null || exposed.length === 0 ? [] : [reserving(use, exposed)]),
    { name: 'ip_local_port_range', value: WIDEST.join(' '), before: range.join(' ') },
  ];
  return changeOf(settings, totals, process, {
    text: `Widen the port range from ${integer(range[1] - range[0] + 1)} to ${integer(ports)} ports: headroom, not a cure`,
    effect: `At once, for new connections. ${exposedWords(exposed.length)}`,
    change: { range: WIDEST },
  });
}

/** Listeners that the next range has and this one has not, but for those that are reserved already. */
export function exposedBy({ reserved, listening }: PortUse, now: PortSpan, next: PortSpan): number[] {
  const isNew = (port: number) => holds([next], port) && !holds([now], port);
  return listening.filter((port) => isNew(port) && !holds(reserved, port));
}

/** What is reserved stays reserved. */
export function reserving({ reserved }: PortUse, exposed: readonly number[]): Setting {
  const value = spansText(joined(reserved, exposed.map(asSpan)));
  return { name: 'ip_local_reserved_ports', value, before: spansText(reserved) };
}

/** Keeps a port for whoever asks for it. Null: it is reserved, or that is not known. */
export function reserve(
  port: number,
  totals: TotalsRow | undefined,
  process: ProcessInfo,
  facts: Facts,
): Advice | null {
  const use = facts.portsOf(totals?.netnsId ?? null);
  if (use === null || holds(use.reserved, port)) return null;
  return changeOf([reserving(use, [port])], totals, process, {
    text: `Reserve port ${port}, so that only who asks for it gets it`,
    effect: 'At once, for new connections. A connection that has the port keeps it until it ends.',
  });
}

export function exposedWords(count: number): string {
  if (count === 0)
    return 'A service that listens above 1024 but starts later may find its port taken: put such ports into ip_local_reserved_ports.';
  const kept =
    count === 1
      ? 'The port on which a program listens there is'
      : `The ${integer(count)} ports on which programs listen there are`;
  return `${kept} reserved, so that no connection gets one while its program starts again. Reserve those of programs that do not run now, too.`;
}

/** Behind what begins "At once, for plain connect() from this side". */
const REUSE_LIMITS =
  ', if the peer sends TCP timestamps too. Nothing for ports that bind() blocked, nothing for accepted connections. The loss is protection against late duplicates, which timestamps give as well.';
export const REUSE_EFFECT = `TIME_WAIT ports are taken over by plain connect() from this side${REUSE_LIMITS}`;

/** Whether tcp_tw_reuse could give back ports that it does not give back now: none that bind() has chosen. */
export const mayReuse = (budget: BudgetRow): boolean => budget.reuse === 'never' && !choosesByBind(budget);

/** Null: it is on, cannot work, or is not known. */
export function turnReuseOn(totals: TotalsRow | undefined, process: ProcessInfo): Advice | null {
  if (totals === undefined || totals.tcpTwReuse === null || totals.tcpTwReuse === 1) return null;
  if (totals.tcpTimestamps === 0) return null;
  return one('tcp_tw_reuse', '1', String(totals.tcpTwReuse), totals, process, {
    text: 'Let connect() take over TIME_WAIT ports after one second',
    effect: `At once, for plain connect() from this side${REUSE_LIMITS}`,
    change: { twReuse: 1 },
  });
}

export function moreBuckets(totals: TotalsRow, process: ProcessInfo): Advice {
  const now = totals.tcpMaxTwBuckets ?? 0;
  return one('tcp_max_tw_buckets', String(Math.max(262_144, now * 2)), String(now), totals, process, {
    text: 'Raise the limit of TIME_WAIT entries',
    effect: 'At once. 256 bytes of kernel memory per entry: 64 MiB for 262,144.',
  });
}

export function shorterFinWait(totals: TotalsRow | undefined, process: ProcessInfo): Advice | null {
  const now = totals?.tcpFinTimeout ?? null;
  if (now === null || now <= 15) return null;
  return one('tcp_fin_timeout', '15', String(now), totals, process, {
    text: 'Wait less for peers that do not close: FIN_WAIT2 is the one state tcp_fin_timeout shortens',
    effect: 'For connections closed from now on. TIME_WAIT stays 60 s whatever is set here.',
  });
}

function one(
  name: string,
  value: string,
  before: string,
  totals: TotalsRow | undefined,
  process: ProcessInfo,
  words: Pick<Advice, 'text' | 'effect' | 'change'>,
): Advice {
  return changeOf([{ name, value, before }], totals, process, words);
}

export function present<T>(...remedies: (T | null)[]): T[] {
  return remedies.filter((one): one is T & {} => one !== null);
}
