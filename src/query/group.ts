/**
 * Grouping of flows by program, unit, container, pod, workload, destination or namespace. In: the flows that changed. Out: the group rows that
 * changed, each an exact sum of its members, with null in the fields in which they differ.
 */
import { host } from '../protocol/format.js';
import type { Group } from '../protocol/frames.js';
import type { Endpoint, FlowRow } from '../protocol/rows.js';
import { EntryPool } from './entry-pool.js';
import { mergerOf } from './merge.js';
import { PidUnion } from './pids.js';
import { Entry, type EntryChange } from './row-store.js';
import { finish } from './turn.js';

const GROUPED_VALUE: Record<Group, (row: FlowRow) => string | null> = {
  program: (row) => row.program,
  unit: (row) => row.process.unit,
  container: (row) => row.process.container,
  pod: (row) => row.process.pod,
  workload: (row) => row.process.workload,
  destination: (row) => endpointText(row.destination),
  netns: (row) => row.netnsId,
};

/** `10.0.0.9:80`, `[2001:db8::1]:80` for filters and keys of groups, which leave out an unknown part; null: all is unknown. */
export function endpointText({ address, port }: Endpoint): string | null {
  if (address === null && port === null) return null;
  const place = address === null ? '' : host(address);
  return port === null ? place : `${place}:${port}`;
}

/** Flows whose value is not known share one row, whose key is the bare name of the group. */
function keyOf(group: Group, row: FlowRow): string {
  const value = GROUPED_VALUE[group](row);
  return value === null ? group : `${group}:${value}`;
}

export class Grouping {
  readonly entries = new EntryPool('flows');
  readonly #members = new Map<string, Map<string, Entry>>();
  /** Group of each flow, by the flow's key. */
  readonly #groupOf = new Map<string, string>();

  /** Rows that were added up so far. */
  summed = 0;

  constructor(private readonly group: Group) {}

  /** The group rows that changed; interrupted between flows, groups and parts of large groups. */
  *applyInSlices(changed: readonly EntryChange[]): Generator<void, EntryChange[]> {
    const touched = new Set<string>();
    for (const [i, { key, entry }] of changed.entries()) {
      this.#leave(key, touched);
      if (entry) this.#join(key, entry, touched);
      if (i % SLICE === 0) yield;
    }
    const updated: EntryChange[] = [];
    for (const name of touched) updated.push(yield* this.#update(name));
    return updated;
  }

  apply(changed: readonly EntryChange[]): EntryChange[] {
    return finish(this.applyInSlices(changed));
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

  *#update(key: string): Generator<void, EntryChange> {
    const members = this.#members.get(key);
    if (members === undefined || members.size === 0) {
      this.#members.delete(key);
      this.entries.delete(key);
      return { key, entry: null };
    }
    const rows = Array.from(members.values(), (entry) => entry.row as FlowRow);
    this.summed += rows.length;
    const entry = new Entry(yield* sumInSlices(key, rows));
    this.entries.set(key, entry);
    return { key, entry };
  }
}

/** Flows between two places where grouping can be interrupted. */
const SLICE = 256;

/** Sums of sums are the same sums: all ways in which fields combine allow it (merge.ts) but for pids, of which some are left out. */
function* sumInSlices(key: string, rows: readonly FlowRow[]): Generator<void, FlowRow> {
  yield;
  if (rows.length <= SLICE) return sumRows(key, rows);
  const parts: FlowRow[] = [];
  const pids = new PidUnion();
  for (let at = 0; at < rows.length; at += SLICE) {
    const part = rows.slice(at, at + SLICE);
    parts.push(sumRows(key, part));
    for (const row of part) pids.add(row);
    yield;
  }
  return { ...sumRows(key, parts), pids: pids.value };
}

const mergeFlows = mergerOf<FlowRow>('flows');

/** One row for at least one flow: exact sums, what all flows have in common, null for what differs. */
export function sumRows(key: string, rows: readonly FlowRow[]): FlowRow {
  const [only] = rows;
  return only && rows.length === 1 ? { ...only, key } : mergeFlows(key, rows);
}
