/**
 * What several values of one schema have in common: field by field the value that all have, else null. `x-group` says how other fields combine
 * (rows.ts). In: a schema. Out: a function of at least one value. The one definition for groups of rows, and for the processes of one
 * server. Pure, without the schema library.
 */

/** The part of JSON Schema that rows are made of. */
export interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
  const?: unknown;
  enum?: unknown[];
  'x-sums'?: boolean;
  /** How a group combines values that differ; absent: to null. */
  'x-group'?: 'min' | 'max' | 'any' | 'unknown' | 'pids';
}

export type Part = Readonly<Record<string, unknown>>;
/** From the parts of all members to one value of field `name`. */
export type Merge = (parts: readonly Part[], name: string) => unknown;
/** For `x-group` rules that know more than a field. */
export type Rules = Readonly<Record<string, Merge>>;
type Merges = readonly (readonly [name: string, merge: Merge])[];

/** Of `T | null`, and of a choice of literals, the first alternative that is not null. */
export function concrete(schema: Schema): Schema {
  const alternative = schema.anyOf?.find((one) => one.type !== 'null');
  return alternative ? concrete(alternative) : schema;
}

const RULES: Rules = {
  min: (parts, name) => extreme(parts, name, Math.min),
  max: (parts, name) => extreme(parts, name, Math.max),
  any: (parts, name) => parts.some((part) => part[name] === true),
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

function mergeOf(schema: Schema, rules: Rules): Merge {
  const { properties, 'x-group': rule } = concrete(schema);
  if (rule === 'unknown') {
    const nulls = Object.fromEntries(Object.keys(properties ?? {}).map((name) => [name, null]));
    return () => ({ ...nulls });
  }
  if (rule !== undefined) return rules[rule]!;
  if (properties === undefined) return same;
  const merges = mergesOf(properties, rules);
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
function mergesOf(properties: Record<string, Schema>, rules: Rules): Merges {
  return Object.entries(properties)
    .filter(([, schema]) => !concrete(schema)['x-sums'])
    .map(([name, schema]) => [name, mergeOf(schema, rules)]);
}

function merged(merges: Merges, parts: readonly Part[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const [name, merge] of merges) row[name] = merge(parts, name);
  return row;
}

/** @param schema of an object. @param more rules besides */
export function commonOf<T extends object>(schema: object, more: Rules = {}): (parts: readonly T[]) => T {
  const merges = mergesOf((schema as Schema).properties ?? {}, { ...RULES, ...more });
  return (parts) => merged(merges, parts as unknown as readonly Part[]) as T;
}
