/**
 * The fields of each topic's rows that can be sorted by, filtered by and summed, read off the row schemas: a new column or
 * topic needs no second list. In: a topic. Out: its fields by dotted path.
 */

import { TABLES, type Topic } from '../protocol/frames.js';
import { concrete, type Schema } from '../protocol/parts/common.js';
import { ConnectionEvent } from '../protocol/rows.js';

export type Scalar = string | number | boolean | null;
export type FieldKind = 'number' | 'text' | 'boolean';

export interface Field {
  /** `timeWait`, `process.comm`, `lifetimeMs.p99`. */
  readonly path: string;
  readonly kind: FieldKind;
  /** Adds up over rows. */
  readonly sums: boolean;
  /** A number without fraction. */
  readonly whole: boolean;
}

const KINDS: Record<string, FieldKind> = {
  string: 'text',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
};

function* walk(schema: Schema, prefix: string): Generator<Field> {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const path = prefix + name;
    const found = concrete(property);
    const kind = KINDS[found.type ?? typeof (found.const ?? found.enum?.[0])];
    if (found.properties) yield* walk(found, `${path}.`);
    else if (kind) yield { path, kind, sums: found['x-sums'] === true, whole: found.type === 'integer' };
  }
}

const SCHEMAS = { ...TABLES, events: ConnectionEvent } as unknown as Record<Topic, Schema>;

export type Fields = ReadonlyMap<string, Field>;
const FIELDS = new Map<string, Fields>(
  Object.entries(SCHEMAS).map(([topic, schema]) => [
    topic,
    new Map([...walk(schema, '')].map((field) => [field.path, field])),
  ]),
);

export function fieldsOf(topic: Topic): Fields {
  return FIELDS.get(topic)!;
}

/** The first topic's field of that path. */
export function anyField(path: string): Field | undefined {
  for (const fields of FIELDS.values()) if (fields.has(path)) return fields.get(path);
  return undefined;
}

export type Getter = (row: object) => Scalar;

/** Reads a dotted path; null where the row does not have it. */
export function getter(path: string): Getter {
  const names = path.split('.');
  const [only] = names;
  if (names.length === 1 && only) return (row) => scalar((row as Record<string, unknown>)[only]);
  return (row) => {
    let value: unknown = row;
    for (const name of names) value = (value as Record<string, unknown> | null | undefined)?.[name];
    return scalar(value);
  };
}

function scalar(value: unknown): Scalar {
  return value === undefined || typeof value === 'object' ? null : (value as Scalar);
}
