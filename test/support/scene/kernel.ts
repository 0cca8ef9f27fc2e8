/**
 * What the kernel says of one namespace: its counters since it was made (nstat reads the same files), its sockets by ss(8), its
 * settings (sysctl reads the same files). Listing sockets makes the kernel generate their cookies: ask when the traffic is over.
 */
import { type Counters, counters } from '../counters.js';
import type { Netns } from '../netns.js';

export interface KernelSocket {
  /** As ss names it: "ESTAB", "TIME-WAIT"; of a FIN_WAIT2 mini-socket "TIME-WAIT" too, since it holds its ports as one. */
  state: string;
  /** "ADDRESS:PORT" as rows have it: no brackets, v4-mapped as IPv4. */
  local: string;
  remote: string;
  /** Who has it open. */
  pids: number[];
}

export interface Kernel {
  counters: Counters;
  /** Without listeners. */
  sockets: KernelSocket[];
  /** Ports that somebody listens at. */
  listening: ReadonlySet<number>;
  range: [number, number];
  /** Ports of the range that connect() may not choose. */
  reserved: ReadonlySet<number>;
  /** Ports of the range that it may. */
  usable: ReadonlySet<number>;
}

export const portOf = (end: string) => Number(end.slice(end.lastIndexOf(':') + 1));
export const sourceOf = (end: string) => end.slice(0, end.lastIndexOf(':'));

const SETTINGS = ['ip_local_port_range', 'ip_local_reserved_ports'].map(
  (name) => `/proc/sys/net/ipv4/${name}`,
);

export function kernelOf(netns: Netns): Kernel {
  const all = socketsOf(netns);
  const [rangeText = '', reservedText = ''] = netns.exec('cat', ...SETTINGS).split('\n');
  const [low, high] = rangeText.split(/\s+/).map(Number) as [number, number];
  const reserved = new Set(portsOf(reservedText).filter((port) => port >= low && port <= high));
  return {
    counters: counters(netns),
    sockets: all.filter(({ state }) => state !== 'LISTEN'),
    listening: new Set(all.filter(({ state }) => state === 'LISTEN').map(({ local }) => portOf(local))),
    range: [low, high],
    reserved,
    usable: new Set(rangeOf(`${low}-${high}`).filter((port) => !reserved.has(port))),
  };
}

/** Listeners too. */
export function socketsOf(netns: Netns): KernelSocket[] {
  return netns.exec('ss', '-Htanop').split('\n').filter(Boolean).map(socketOf);
}

function socketOf(line: string): KernelSocket {
  const [state = '', , , local = '', remote = ''] = line.trim().split(/\s+/);
  return {
    state: line.includes('timer:(timewait') ? 'TIME-WAIT' : state,
    local: bare(local),
    remote: bare(remote),
    pids: [...new Set([...line.matchAll(/pid=(\d+)/g)].map((match) => Number(match[1])))],
  };
}

const bare = (end: string) => end.replace(/[[\]]/g, '').replace('::ffff:', '');

/** "40010-40014,40020" */
function portsOf(text: string): number[] {
  return text.split(',').filter(Boolean).flatMap(rangeOf);
}

function rangeOf(part: string): number[] {
  const [low = 0, high = low] = part.split('-').map(Number);
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

/** An inbound socket's own port is a listener's. */
export const isInbound = ({ listening }: Kernel, { local }: KernelSocket) => listening.has(portOf(local));

/** "out 10.77.0.9:5432", "in 10.77.0.9:5432": what a socket counts for, whoever owns it. */
export function flowOf(kernel: Kernel, socket: KernelSocket): string {
  return isInbound(kernel, socket) ? `in ${socket.local}` : `out ${socket.remote}`;
}

/** Neither an attempt nor what a closed connection has left. */
const NOT_OPEN = ['TIME-WAIT', 'SYN-SENT', 'SYN-RECV'];
export const isOpen = ({ state }: KernelSocket) => !NOT_OPEN.includes(state);

/** TIME_WAIT entries. */
export const waiting = ({ sockets }: Kernel) => sockets.filter(({ state }) => state === 'TIME-WAIT').length;
