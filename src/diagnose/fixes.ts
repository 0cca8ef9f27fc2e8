/**
 * What to change: in the application (by runtime), and of the kernel's settings, with undo and side effect. In: a
 * process, a namespace's row. Out: fixes and remedies for candidates. Pure. `tcp_tw_recycle` has no place here: it
 * broke clients behind NAT and is gone since Linux 4.12.
 */
import type { Endpoint, Fix, ProcessInfo, Remedy, TotalsRow } from '../protocol/rows.js';
import { closing } from './advice/closes.js';
import { lineFinders } from './advice/find-line.js';
import { lateBind } from './advice/late-binds.js';
import { placeOf } from './advice/place.js';
import { nginxFixes, reuse } from './advice/reuse.js';
import { isFastCgiServer, protocolOf, type Runtime, runtimeOf } from './runtime.js';
import type { Actor, Facts, Tables } from './types.js';
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
  destination: Endpoint,
  facts: Facts,
  tables?: Tables,
): [Fix, ...Fix[]] {
  const [runs, place] = [runtime(process, facts), placeOf(destination)];
  if (runs === 'nginx') return nginxFixes(place, destination, acceptorOf(destination, tables));
  return reuse(runs, protocolOf(destination), place);
}

/** The first of them. */
export const reuseFix = (...of: Parameters<typeof reuseFixes>): Fix => reuseFixes(...of)[0];

/** Who accepts there, where that is on this machine. Loopback is another place in each namespace, so its fix may name both. */
function acceptorOf({ address, port }: Endpoint, tables: Tables | undefined): ProcessInfo | null {
  const isIt = ({ direction, destination }: Actor) =>
    direction === 'in' && destination.port === port && destination.address === address;
  const found = tables?.actors.filter(isIt) ?? [];
  const [first] = found;
  return first !== undefined && found.every((one) => isAlike(one, first)) ? first.process : null;
}

const isAlike = (a: Actor, b: Actor) => isFastCgiServer(a.process) === isFastCgiServer(b.process);

export function lateBindFix(process: ProcessInfo, destination: Endpoint, facts: Facts): Fix {
  return lateBind(runtime(process, facts), placeOf(destination));
}

export function closeFix(process: ProcessInfo, facts: Facts): Fix {
  return closing(runtime(process, facts));
}

/** Where to look in the code; none where that cannot be said. */
export function findLine(process: ProcessInfo, destination: Endpoint, facts: Facts): Fix[] {
  return lineFinders(runtime(process, facts), process, destination);
}

/** Null: it is as wide as it can be, or not known. */
export function widen(totals: TotalsRow | undefined, process: ProcessInfo): Remedy | null {
  const range = totals?.portRange ?? null;
  if (range === null || range[1] - range[0] >= WIDEST[1] - WIDEST[0]) return null;
  const ports = WIDEST[1] - WIDEST[0] + 1;
  return sysctl(totals, process, 'ip_local_port_range', WIDEST.join(' '), range.join(' '), {
    text: `Widen the port range from ${integer(range[1] - range[0] + 1)} to ${integer(ports)} ports: headroom, not a cure`,
    effect:
      'At once, for new connections. A service that listens above 1024 but starts later may find its port taken: put such ports into ip_local_reserved_ports.',
  });
}

/** Null: it is on, cannot work, or is not known. */
export function turnReuseOn(totals: TotalsRow | undefined, process: ProcessInfo): Remedy | null {
  if (totals === undefined || totals.tcpTwReuse === null || totals.tcpTwReuse === 1) return null;
  if (totals.tcpTimestamps === 0) return null;
  return sysctl(totals, process, 'tcp_tw_reuse', '1', String(totals.tcpTwReuse), {
    text: 'Let connect() take over TIME_WAIT ports after one second',
    effect:
      'At once, for plain connect() from this side, if the peer sends TCP timestamps too. Nothing for ports that bind() blocked, nothing for accepted connections. The loss is protection against late duplicates, which timestamps give as well.',
  });
}

export function moreBuckets(totals: TotalsRow, process: ProcessInfo): Remedy {
  const now = totals.tcpMaxTwBuckets ?? 0;
  return sysctl(totals, process, 'tcp_max_tw_buckets', String(Math.max(262_144, now * 2)), String(now), {
    text: 'Raise the limit of TIME_WAIT entries',
    effect: 'At once. 256 bytes of kernel memory per entry: 64 MiB for 262,144.',
  });
}

export function shorterFinWait(totals: TotalsRow | undefined, process: ProcessInfo): Remedy | null {
  const now = totals?.tcpFinTimeout ?? null;
  if (now === null || now <= 15) return null;
  return sysctl(totals, process, 'tcp_fin_timeout', '15', String(now), {
    text: 'Wait less for peers that do not close: FIN_WAIT2 is the one state tcp_fin_timeout shortens',
    effect: 'For connections closed from now on. TIME_WAIT stays 60 s whatever is set here.',
  });
}

/** A setting of the namespace, as a command that works from the host. */
function sysctl(
  totals: TotalsRow | undefined,
  process: ProcessInfo,
  name: string,
  value: string,
  before: string,
  words: { text: string; effect: string },
): Remedy {
  const prefix = enter(totals, process);
  if (prefix === null)
    return {
      ...words,
      command: null,
      undo: null,
      persistence: `Set net.ipv4.${name} = ${value} in that namespace.`,
    };
  const set = (to: string) => `${prefix}sysctl -w net.ipv4.${name}="${to}"`;
  const kept =
    prefix === ''
      ? `Until reboot; to keep it: echo 'net.ipv4.${name} = ${value}' > /etc/sysctl.d/90-portchurn.conf`
      : 'As long as this network namespace; to keep it, set it where the namespace is made (Kubernetes: securityContext.sysctls, Docker: --sysctl).';
  return { ...words, command: set(value), undo: set(before), persistence: kept };
}

/** Only names that a shell takes as they are; other processes choose them. */
const PLAIN = /^[\w.@-]+$/;

/**
 * Words before a command that must not change another namespace, the host's least of all. A parent may live in another one than its
 * child did. Null: it is not known how to get in.
 */
function enter(totals: TotalsRow | undefined, process: ProcessInfo): string | null {
  if (totals === undefined) return null;
  if (totals.name === 'host') return '';
  if (process.pid !== null && process.exited !== true) return `nsenter -t ${process.pid} -n `;
  const isNamed = totals.name !== null && PLAIN.test(totals.name);
  if (isNamed && process.parent.pid === null) return `ip netns exec ${totals.name} `;
  return totals.netns === null ? null : byInode(totals.netns);
}

/** By any process that is in it; without one nsenter(1) refuses, and nothing is changed. */
function byInode(inode: number): string {
  return `nsenter -n -t "$(lsns -rnt net -o NS,PID | awk '$1 == ${inode} { print $2 }')" `;
}

export function present<T>(...remedies: (T | null)[]): T[] {
  return remedies.filter((one): one is T & {} => one !== null);
}
