/**
 * The kernel's own truth about one namespace: its counters, and its sockets by ss(8). Reading counters disturbs
 * nothing; listing sockets makes the kernel generate their cookies, so do that only after the run.
 */
import type { Netns } from './netns.js';
import { patient } from './patience.js';

/** "Tcp.ActiveOpens", "Tcp.PassiveOpens", "TcpExt.TW", "TcpExt.TCPTimeWaitOverflow" … */
export type Counters = Readonly<Record<string, number>>;

export function counters(netns: Netns): Counters {
  const lines = netns.exec('cat', '/proc/net/snmp', '/proc/net/netstat').trim().split('\n');
  const result: Record<string, number> = {};
  for (let i = 0; i + 1 < lines.length; i += 2) addPair(result, lines[i] as string, lines[i + 1] as string);
  return result;
}

function addPair(result: Record<string, number>, header: string, values: string): void {
  const [group = '', ...names] = header.split(/\s+/);
  const numbers = values.split(/\s+/).slice(1);
  names.forEach((name, i) => {
    result[`${group.slice(0, -1)}.${name}`] = Number(numbers[i]);
  });
}

export type Counting = (name: string) => number;

/** Counts from now on: call the result to learn by how much a counter has grown. */
export function counting(netns: Netns): Counting {
  const before = counters(netns);
  return (name) => {
    const [now, then] = [counters(netns)[name], before[name]];
    if (now === undefined || then === undefined) throw new Error(`the kernel has no counter ${name}`);
    return now - then;
  };
}

export interface SocketLine {
  local: string;
  remote: string;
}

/** TCP sockets in a state, as ss names it. `ss -tan state time-wait` lists FIN_WAIT2 mini-sockets elsewhere. */
export function sockets(netns: Netns, state: string): SocketLine[] {
  const lines = netns.exec('ss', '-Htan', 'state', state).split('\n').filter(Boolean);
  return lines.map((line) => {
    const [, , local = '', remote = ''] = line.trim().split(/\s+/);
    return { local, remote };
  });
}

/** Waits until the namespace has only `left` connections that still have to be closed by somebody (established, CLOSE_WAIT). */
export function quiet(netns: Netns, left = 0): void {
  poll(() => counters(netns)['Tcp.CurrEstab'] === left, `${netns.name} to have ${left} open connections`);
}

/** Waits until every connection of the namespace is closed to the end, or waits in TIME_WAIT. */
export function settled(netns: Netns): void {
  const closing = ['state', 'connected', 'exclude', 'time-wait'];
  poll(
    () => netns.exec('ss', '-Htan', ...closing).trim() === '',
    `${netns.name} to have nothing half closed`,
  );
}

/** Waits until the kernel lists so many sockets in a state. */
export function lists(netns: Netns, state: string, count: number): void {
  poll(() => sockets(netns, state).length === count, `${netns.name} to have ${count} sockets in ${state}`);
}

/** Waits until a counter has grown by `amount`. */
export function reaches(grown: Counting, name: string, amount: number): void {
  poll(() => grown(name) >= amount, `${name} to grow by ${amount}`);
}

const POLL_WITHIN_MS = patient(10_000);

/** The kernel announces no counter: ask again and again. Each question runs a program, which is pause enough. */
function poll(check: () => boolean, what: string): void {
  const deadline = performance.now() + POLL_WITHIN_MS;
  while (!check())
    if (performance.now() > deadline) throw new Error(`waited ${POLL_WITHIN_MS} ms for ${what}`);
}
