/**
 * Grouping of flows by program, unit, destination or namespace. Enters: the flows that changed. Leaves: the group rows
 * that changed, each an exact sum of its members; what differs between them is unknown (null). Called by view.ts.
 */
import type { Group } from '../protocol/frames.js';
import type { Endpoint, FlowRow, ProcessInfo } from '../protocol/rows.js';
import { EntryPool } from './entry-pool.js';
import { Entry, type EntryChange } from './row-store.js';
import { Sums } from './sums.js';

const VALUE: Record<Group, (row: FlowRow) => string | null> = {
  program: (row) => row.program,
  unit: (row) => row.process.unit,
  destination: (row) => endpointText(row.destination),
  netns: (row) => (row.netns === null ? null : String(row.netns)),
};

/** `10.0.0.9:80`, `[2001:db8::1]:80`; null when nothing of it is known. */
export function endpointText({ address, port }: Endpoint): string | null {
  if (address === null && port === null) return null;
  const host = address?.includes(':') ? `[${address}]` : (address ?? '');
  return port === null ? host : `${host}:${port}`;
}

/** Flows without the grouped value share one row, whose key is the bare name of the group. */
function keyOf(group: Group, row: FlowRow): string {
  const value = VALUE[group](row);
  return value === null ? group : `${group}:${value}`;
}

export class Grouping {
  readonly entries = new EntryPool('flows');
  readonly #members = new Map<string, Map<string, Entry>>();
  /** Group of each flow, by the flow's key. */
  readonly #groupOf = new Map<string, string>();

  constructor(private readonly group: Group) {}

  apply(changed: readonly EntryChange[]): EntryChange[] {
    const touched = new Set<string>();
    for (const { key, entry } of changed) {
      this.#leave(key, touched);
      if (entry) this.#join(key, entry, touched);
    }
    return [...touched].map((name) => this.#fold(name));
  }

  #leave(key: string, touched: Set<string>): void {
    const name = this.#groupOf.get(key);
    if (name === undefined) return;
    this.#groupOf.delete(key);
    this.#members.get(name)?.delete(key);
    touched.add(name);
  }

  #join(key: string, entry: Entry, touched: Set<string>): void {
    const name = keyOf(this.group, entry.row as FlowRow);
    const members = this.#members.get(name) ?? new Map<string, Entry>();
    this.#members.set(name, members.set(key, entry));
    this.#groupOf.set(key, name);
    touched.add(name);
  }

  #fold(key: string): EntryChange {
    const members = this.#members.get(key);
    const rows = [...(members?.values() ?? [])].map((entry) => entry.row as FlowRow);
    if (rows.length === 0) {
      this.#members.delete(key);
      this.entries.delete(key);
      return { key, entry: null };
    }
    const entry = new Entry(sumRows(key, rows));
    this.entries.set(key, entry);
    return { key, entry };
  }
}

/** One row for many. Quantiles of several flows cannot be had from their quantiles. */
export function sumRows(key: string, rows: readonly FlowRow[]): FlowRow {
  const [head] = rows;
  if (head && rows.length === 1) return { ...head, key };
  const unknown = { p50: null, p99: null };
  const sums = new Sums('flows');
  for (const row of rows) sums.add(row);
  return {
    ...(sums.values as unknown as FlowRow),
    key,
    netns: same(rows, (row) => row.netns),
    process: foldProcesses(rows.map((row) => row.process)),
    program: same(rows, (row) => row.program),
    direction: same(rows, (row) => row.direction),
    destination: {
      address: same(rows, (row) => row.destination.address),
      port: same(rows, (row) => row.destination.port),
    },
    lifetimeMs: unknown,
    connectMs: unknown,
    firstSeen: best(rows, (row) => row.firstSeen, Math.min),
    lastSeen: best(rows, (row) => row.lastSeen, Math.max),
    lowerBound: rows.some((row) => row.lowerBound),
  };
}

function foldProcesses(processes: readonly ProcessInfo[]): ProcessInfo {
  const part = <K extends keyof ProcessInfo>(name: K) => ({ [name]: same(processes, (one) => one[name]) });
  const parts = ['pid', 'startTime', 'ppid', 'comm', 'exe', 'cmdline', 'uid', 'cgroup', 'unit'] as const;
  return {
    ...(Object.assign({}, ...parts.map(part)) as ProcessInfo),
    ...part('container'),
    ...part('pod'),
    ...part('exited'),
    parent: {
      pid: same(processes, (one) => one.parent.pid),
      comm: same(processes, (one) => one.parent.comm),
    },
    self: processes.some((one) => one.self),
  };
}

/** The value they all have, else null. */
function same<T, V>(items: readonly T[], read: (item: T) => V): V | null {
  const [head] = items;
  const value = head === undefined ? null : read(head);
  return items.every((item) => read(item) === value) ? value : null;
}

function best<T>(
  items: readonly T[],
  read: (item: T) => number | null,
  pick: (a: number, b: number) => number,
) {
  return items.reduce<number | null>((found, item) => {
    const value = read(item);
    return found === null || value === null ? (found ?? value) : pick(found, value);
  }, null);
}
