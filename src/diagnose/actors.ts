/**
 * Flow rows by who makes them. A shell loop's ten thousand curls, or a server's forked workers, are one actor: their
 * program. A process that alone does nearly everything stands for itself. In: flow rows, standing connections. Out:
 * actors, without rates (rates.ts). Pure.
 */

import type { FlowRow, ProcessInfo } from '../protocol/rows.js';
import { sumOf } from './groups.js';
import { programKey } from './program-key.js';
import type { Actor, Standing } from './types.js';

/** Rows read in one evaluation, the busiest first. */
const MOST_ROWS = 5000;
/** A process with this share of its program's work is named itself. */
const ALONE = 0.8;
/** Kept of many processes. */
export const MOST_PIDS = 20;
const NOTHING: Standing = { steady: 0, closeWait: 0, finWait2: 0, bound: 0 };

export function actorsOf(rows: Iterable<FlowRow>, standing: ReadonlyMap<string, Standing>): Actor[] {
  const groups = new Map<string, FlowRow[]>();
  for (const row of busiest(rows, standing)) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups].map(([key, group]) => actorOf(key, group, standing));
}

function busiest(rows: Iterable<FlowRow>, standing: ReadonlyMap<string, Standing>): FlowRow[] {
  const busy = [...rows].filter((row) => work(row) > 0 || standing.has(row.key));
  if (busy.length <= MOST_ROWS) return busy;
  return busy.sort((a, b) => work(b) - work(a)).slice(0, MOST_ROWS);
}

function work({ opened, timeWait, established }: FlowRow): number {
  return (opened ?? 0) + (timeWait ?? 0) + (established ?? 0);
}

/** An unknown process has no program. */
function keyOf({ netnsId, direction, destination, program, process, key }: FlowRow): string {
  if (program === null) return key;
  const { address, port } = destination;
  return [netnsId, direction, address, port, programKey(process, program)].join(' ');
}

function actorOf(key: string, rows: FlowRow[], standing: ReadonlyMap<string, Standing>): Actor {
  const most = rows.reduce((a, b) => (work(b) > work(a) ? b : a));
  const sum = (of: (row: FlowRow) => number | null) => sumOf(rows, of);
  const still = (of: keyof Standing) => sum((row) => (standing.get(row.key) ?? NOTHING)[of]);
  const alone = work(most) >= ALONE * rows.reduce((all, row) => all + work(row), 0);
  return {
    key,
    netns: most.netns,
    netnsId: most.netnsId,
    direction: most.direction,
    destination: most.destination,
    process: alone ? most.process : crowd(rows),
    program: most.program,
    processes: rows.length,
    pids: rows.flatMap(({ process }) => process.pid ?? []).slice(0, MOST_PIDS),
    firstSeen: Math.min(...rows.map((row) => row.firstSeen ?? 0)),
    established: sum((row) => row.established),
    timeWait: sum((row) => row.timeWait),
    portsHeld: sum((row) => row.portsHeld),
    opened: sum((row) => row.opened),
    closed: sum((row) => row.closed),
    closedFirst: sum((row) => row.closedFirst),
    slowConnects: sum((row) => row.slowConnects),
    steady: still('steady'),
    closeWait: still('closeWait'),
    finWait2: still('finWait2'),
    bound: still('bound'),
    openPerSec: 0,
    slowPerSec: 0,
    busySeconds: 0,
    firstShare: null,
    lifetimeMs: median(rows.map((row) => row.lifetimeMs.p50)),
    connectMs: median(rows.map((row) => row.connectMs.p50)),
  };
}

/** What all of them have in common; a parent is named by pid only when it is everybody's. */
function crowd(rows: FlowRow[]): ProcessInfo {
  const all = rows.map((row) => row.process).filter(({ pid }) => pid !== null);
  const one = (rows[0] as FlowRow).process;
  const same = <T>(of: (process: ProcessInfo) => T): T | null =>
    all.length > 0 && all.every((process) => of(process) === of(all[0] as ProcessInfo))
      ? of(all[0] as ProcessInfo)
      : null;
  const ppid = same(({ ppid }) => ppid);
  return {
    ...one,
    pid: null,
    startTime: null,
    ppid,
    parent: { pid: ppid, comm: same(({ parent }) => parent.comm) ?? one.parent.comm },
    comm: same(({ comm }) => comm),
    uid: same(({ uid }) => uid),
    cmdline: same(({ cmdline }) => cmdline),
    exited: all.every(({ exited }) => exited === true),
  };
}

function median(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  return known[known.length >> 1] ?? null;
}
