/**
 * Ground truth: the kernel's own list of TIME_WAIT entries and the generators' logs against the engine's tables, entry
 * by entry. In: an engine in this process, namespaces, logs. Out: what does not agree, in words, one line each. The
 * dump makes cookies, so take it when the run is over.
 */
import type { Aggregator } from '../../src/aggregate/ingest/aggregator.js';
import type { Namespace } from '../../src/aggregate/model/namespace.js';
import type { Owner } from '../../src/aggregate/model/owner.js';
import { Process } from '../../src/aggregate/model/process.js';
import { EXPIRED, isTimeWait, SOCKET_FLAG } from '../../src/aggregate/model/socket-state.js';
import type { DumpReader } from '../../src/engine/dump-reader.js';
import type { Engine } from '../../src/engine/engine.js';
import type { BudgetRow, FlowRow } from '../../src/protocol/rows.js';
import type { LogRecord } from './churngen.js';
import type { Netns } from './netns.js';
import { type DumpedSocket, dump } from './socket-dump.js';
import type { Watch } from './watch.js';

/** When a namespace is looked for, and looked at, the next time. `audited`: by inode, the last time. */
interface Schedule {
  audited: Map<number, unknown>;
  discoveredAt: number;
}

/** What of the engine only this comparison looks at: rows do not say which entry they count. */
interface Inside {
  aggregator: Aggregator;
  audits: { running: boolean; restUntil: number; schedule: Schedule };
}

/** A process by what makes it one; the start time is not in the generator's log, and null then. */
export interface Identity {
  pid: number;
  startTicks: number | null;
}

export const inside = (engine: Engine) => engine as unknown as Inside;

/** Of namespaces that had the same inode one after another, the last. */
export function namespaceOf(engine: Engine, netns: Netns): Namespace | undefined {
  const all = [...inside(engine).aggregator.namespaces.all()];
  return all.findLast(({ inode }) => inode === netns.inode);
}

/**
 * Waits until each namespace was dumped and joined from now on. All are due for that: the next audit need not rest before, one
 * that is new is looked for at once, and one in which nothing happens does not have its 30 s.
 */
export async function audited(watch: Watch, spaces: readonly Netns[], withinMs = 45_000): Promise<void> {
  const since = Number(process.hrtime.bigint());
  const { audits } = inside(watch.engine);
  await watch.until(() => !audits.running, 'the running audit to end', withinMs);
  audits.restUntil = 0;
  audits.schedule.discoveredAt = Number.NEGATIVE_INFINITY;
  for (const { inode } of spaces) audits.schedule.audited.delete(inode);
  const isDone = (netns: Netns) => (namespaceOf(watch.engine, netns)?.auditedAt ?? 0) > since;
  await watch.until(() => spaces.every(isDone) && !audits.running, 'an audit of every namespace', withinMs);
}

/** A connection that its server reset before connect() returned had been established: a SYN's reset is ECONNREFUSED. */
const cameToBe = ({ openNs, errno }: LogRecord) => openNs > 0n || errno === 'ECONNRESET';

/** Who opened or accepted each connection of a namespace; of connections with the same ends the last. */
export class Truth {
  private readonly last = new Map<string, { openNs: bigint; owner: Identity }>();
  /** Connections opened, by process, direction and destination. */
  readonly opened = new Map<string, number>();

  add(records: readonly LogRecord[], startTicks: number | null = null): void {
    for (const record of records) if (cameToBe(record)) this.note(record, startTicks);
  }

  /** Connections that their server keeps, without a line in its log. */
  accepted(pid: number, local: string, count: number): void {
    this.opened.set(rowName(pid, 'in', local), count);
  }

  /** Null: no log knows this connection. */
  ownerOf(local: string, remote: string): Identity | null {
    return this.last.get(`${local} ${remote}`)?.owner ?? null;
  }

  private note({ role, local, remote, pid, openNs }: LogRecord, startTicks: number | null): void {
    const ends = `${bare(local)} ${bare(remote)}`;
    const row = rowName(pid, role === 'client' ? 'out' : 'in', bare(role === 'client' ? remote : local));
    this.opened.set(row, (this.opened.get(row) ?? 0) + 1);
    if (openNs >= (this.last.get(ends)?.openNs ?? 0n))
      this.last.set(ends, { openNs, owner: { pid, startTicks } });
  }
}

const bare = (end: string) => end.replace(/^\[(.*)\]/, '$1');
const rowName = (pid: number | null, direction: string | null, destination: string) =>
  `${pid ?? 'program'} ${direction} ${destination}`;

export interface Comparison {
  /** Entries of the kernel. */
  entries: number;
  /** What does not agree: wrong or no owner, not in the log, not in the engine, not in the kernel. */
  faults: string[];
  /** Entries by pid, direction and destination, as the log says whose they are. */
  expected: Map<string, number>;
}

/** Entries whose timer ends while two lists are compared may be in one of them only, ms. */
const ENDING_MS = 3000;

/** The kernel's entries of a namespace against what the engine believes at this moment. */
export async function compare(
  watch: Watch,
  dumper: DumpReader,
  netns: Netns,
  truth: Truth,
): Promise<Comparison> {
  const [dumped] = await dump(dumper, netns.path);
  const entries = (dumped?.sockets ?? []).filter(({ mini }) => mini);
  const { aggregator } = inside(watch.engine);
  const seen = new Set<number>();
  const result: Comparison = { entries: entries.length, faults: [], expected: new Map() };
  for (const entry of entries) result.faults.push(...faultsOf(aggregator, entry, truth, seen, result));
  result.faults.push(...phantoms(aggregator, namespaceOf(watch.engine, netns), seen));
  return result;
}

function faultsOf(
  { sockets }: Aggregator,
  entry: DumpedSocket,
  truth: Truth,
  seen: Set<number>,
  { expected }: Comparison,
): string[] {
  const ends = `${entry.local} > ${entry.remote} (${entry.state}, ${entry.expiresMs} ms)`;
  const owner = truth.ownerOf(entry.local, entry.remote);
  if (owner === null) return [`${ends}: in no log`];
  const slot = sockets.find(Number(entry.cookie & 0xffff_ffffn), Number(entry.cookie >> 32n));
  if (slot < 0) return entry.expiresMs < ENDING_MS ? [] : [`${ends} of ${owner.pid}: not in the engine`];
  seen.add(slot);
  const flow = sockets.flowOf(slot);
  const outward = flow.direction !== 2;
  const row = rowName(owner.pid, outward ? 'out' : 'in', outward ? entry.remote : entry.local);
  expected.set(row, (expected.get(row) ?? 0) + 1);
  const faults: string[] = [];
  if (!isTimeWait(sockets.stateOf(slot))) faults.push(`${ends}: state ${sockets.stateOf(slot)}`);
  if (!sockets.hasFlag(slot, SOCKET_FLAG.ATTRIBUTED)) faults.push(`${ends} of ${owner.pid}: no owner`);
  else if (!isOwner(flow.owner, owner)) faults.push(`${ends} of ${owner.pid}: given to ${flow.owner.key}`);
  return faults;
}

/** A dead process may have folded into its program, which has no pid. */
function isOwner(owner: Owner, { pid, startTicks }: Identity): boolean {
  if (!(owner instanceof Process)) return owner.pid === null && owner.id < 0;
  return owner.pid === pid && (startTicks === null || owner.startTicks === startTicks);
}

function phantoms({ sockets }: Aggregator, namespace: Namespace | undefined, seen: Set<number>): string[] {
  const now = Number(process.hrtime.bigint());
  const faults: string[] = [];
  for (let slot = 0; slot < sockets.end; slot++) {
    const state = sockets.stateOf(slot);
    if (!isTimeWait(state) || state === EXPIRED || seen.has(slot)) continue;
    if (sockets.flowOf(slot).namespace !== namespace) continue;
    const leftMs = (sockets.deadlineOf(slot) - now) / 1e6;
    if (leftMs > ENDING_MS)
      faults.push(
        `port ${sockets.portOf(slot)} of ${sockets.flowOf(slot).key}, ${leftMs} ms: not in the kernel`,
      );
  }
  return faults;
}

/** Rows of a namespace that hold entries; those of dead processes that folded are one per direction and destination. */
export function shownEntries(rows: readonly FlowRow[], netns: Netns): Map<string, number> {
  const shown = new Map<string, number>();
  for (const { process, direction, destination, timeWait, netns: inode } of rows) {
    if (inode !== netns.inode || !timeWait) continue;
    const name = rowName(process.pid, direction, `${destination.address}:${destination.port}`);
    shown.set(name, (shown.get(name) ?? 0) + timeWait);
  }
  return shown;
}

/** Connections opened, by the same names. */
export function shownOpens(rows: readonly FlowRow[], netns: Netns): Map<string, number> {
  const shown = new Map<string, number>();
  for (const { process, direction, destination, opened, netns: inode } of rows) {
    if (inode !== netns.inode || !opened) continue;
    const name = rowName(process.pid, direction, `${destination.address}:${destination.port}`);
    shown.set(name, (shown.get(name) ?? 0) + opened);
  }
  return shown;
}

/** What the log counts, with the pids that have no row any more put into their program. */
export function asShown(
  expected: ReadonlyMap<string, number>,
  rows: readonly FlowRow[],
): Map<string, number> {
  const alive = new Set(rows.map(({ process }) => String(process.pid)));
  const sums = new Map<string, number>();
  for (const [name, count] of expected) {
    const [pid = '', ...rest] = name.split(' ');
    const key = [alive.has(pid) ? pid : 'program', ...rest].join(' ');
    sums.set(key, (sums.get(key) ?? 0) + count);
  }
  return sums;
}

/** By name, how far `a` is above `b`; only where they differ. */
export function differences(
  a: ReadonlyMap<string, number>,
  b: ReadonlyMap<string, number>,
): Record<string, number> {
  const names = [...new Set([...a.keys(), ...b.keys()])];
  const apart = names.map((name) => [name, (a.get(name) ?? 0) - (b.get(name) ?? 0)] as const);
  return Object.fromEntries(apart.filter(([, by]) => by !== 0));
}

export function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Rows of budgets as a client has them: changes applied one after the other. */
export class Budgets {
  private readonly rows = new Map<string, BudgetRow>();

  constructor(private readonly engine: Engine) {}

  all(now = Date.now()): BudgetRow[] {
    const { set, del } = this.engine.source.tables.budgets?.collect(now) ?? { set: [], del: [] };
    for (const key of del) this.rows.delete(key);
    for (const row of set) this.rows.set(row.key, row);
    return [...this.rows.values()];
  }

  /** The budget toward "ADDRESS:PORT". */
  toward(netns: Netns, destination: string): BudgetRow | undefined {
    return this.all().find(
      (row) =>
        row.kind === 'tuple' &&
        row.netns === netns.inode &&
        `${row.destination.address}:${row.destination.port}` === destination,
    );
  }

  /** What bind() with port 0 draws from at this address. */
  pools(netns: Netns, source: string): BudgetRow[] {
    const here = this.all().filter((row) => row.kind === 'bind-pool' && row.netns === netns.inode);
    return here.filter((row) => row.source.address === source);
  }
}
