/**
 * One row for the members of a group, derived from the row's schema: a new column needs no line here. In: rows. Out: one
 * row. Columns that add up (`x-sums`) are exact sums; `x-group` says how other columns combine (min, max, any, unknown, pids); of
 * the rest the value that all members have, else null.
 */
import { TABLES, type TableTopic } from '../protocol/frames.js';
import type { FlowRow } from '../protocol/rows.js';
import { concrete, type Schema } from './fields.js';
import { pidsOf } from './pids.js';
import { Sums } from './sums.js';

type Part = Readonly<Record<string, unknown>>;
/** From the parts of all members to one value of field `name`. */
type Merge = (parts: readonly Part[], name: string) => unknown;
type Merges = readonly (readonly [name: string, merge: Merge])[];

const MERGES: Record<string, Merge> = {
  min: (parts, name) => extreme(parts, name, Math.min),
  max: (parts, name) => extreme(parts, name, Math.max),
  any: (parts, name) => parts.some((part) => part[name] === true),
  pids: (parts) => pidsOf(parts as unknown as readonly FlowRow[]),
};

/** The value that all parts have, else null. */
const same: Merge = (parts, name) => {
  const value = parts[0]![name];
  for (const part of parts) if (part[name] !== value) return null;
  return value;
};

/** Null only when all values are. */
function extreme(parts: readonly Part[], name: string, pick: (a: number, b: number) => number) {
  let found: number | null = null;
  for (const part of parts) {
    const value = part[name] as number | null;
    if (value !== null) found = found === null ? value : pick(found, value);
  }
  return found;
}

function mergeOf(schema: Schema): Merge {
  const { properties, 'x-group': rule } = concrete(schema);
  if (rule === 'unknown') {
    const nulls = Object.fromEntries(Object.keys(properties ?? {}).map((name) => [name, null]));
    return () => ({ ...nulls });
  }
  if (rule !== undefined) return MERGES[rule]!;
  if (properties === undefined) return same;
  const merges = mergesOf(properties);
  return (parts, name) => {
    const found = nested(parts, name);
    /* What one of them lacks they have not in common. */
    return found.includes(null) ? null : merged(merges, found as Part[]);
  };
}

/** The objects in field `name`. Flows of one process share one object, which counts once. */
function nested(parts: readonly Part[], name: string): (Part | null)[] {
  const found: (Part | null)[] = [];
  let last: Part | null | undefined;
  for (const part of parts) {
    const one = part[name] as Part | null;
    if (one === last) continue;
    found.push(one);
    last = one;
  }
  return found;
}

/** Without the columns that are summed. */
function mergesOf(properties: Record<string, Schema>): Merges {
  return Object.entries(properties)
    .filter(([, schema]) => !concrete(schema)['x-sums'])
    .map(([name, schema]) => [name, mergeOf(schema)]);
}

function merged(merges: Merges, parts: readonly Part[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const [name, merge] of merges) row[name] = merge(parts, name);
  return row;
}

/** A function from at least one row to a row whose key is that of the group. */
export function mergerOf<Row extends { key: string }>(topic: TableTopic) {
  const merges = mergesOf(TABLES[topic].properties as unknown as Record<string, Schema>);
  return (key: string, rows: readonly Row[]): Row => {
    const sums = new Sums(topic);
    for (const row of rows) sums.add(row as never);
    return { ...merged(merges, rows as never), ...sums.values, key } as unknown as Row;
  };
}
