/**
 * Grouping of flows by program, unit, destination or namespace. In: the flows that changed. Out: the group rows that
 * changed, each an exact sum of its members, with null in the fields in which they differ.
 */
import { host } from '../protocol/format.js';
import type { Group } from '../protocol/frames.js';
import type { Endpoint, FlowRow } from '../protocol/rows.js';
import { EntryPool } from './entry-pool.js';
import { mergerOf } from './merge.js';
import { Entry, type EntryChange } from './row-store.js';

const GROUPED_VALUE: Record<Group, (row: FlowRow) => string | null> = {
  program: (row) => row.program,
  unit: (row) => row.process.unit,
  destination: (row) => endpointText(row.destination),
  netns: (row) => (row.netns === null ? null : String(row.netns)),
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

  constructor(private readonly group: Group) {}

  apply(changed: readonly EntryChange[]): EntryChange[] {
    const touched = new Set<string>();
    for (const { key, entry } of changed) {
      this.#leave(key, touched);
      if (entry) this.#join(key, entry, touched);
    }
    return [...touched].map((name) => this.#update(name));
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

  #update(key: string): EntryChange {
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

const mergeFlows = mergerOf<FlowRow>('flows');

/** One row for at least one flow: exact sums, what all flows have in common, null for what differs. */
export function sumRows(key: string, rows: readonly FlowRow[]): FlowRow {
  const [only] = rows;
  return only && rows.length === 1 ? { ...only, key } : mergeFlows(key, rows);
}
