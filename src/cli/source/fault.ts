/**
 * The first fault of a value by one of our schemas, without compiling it: a command that asks a few questions would pay 50 ms for
 * that. In: a schema of src/protocol, a value that came over the network. Out: where and what, or null. It knows the keywords that
 * these schemas use; an unknown one is an error, so that none is passed over in silence.
 */
import type { TSchema } from 'typebox';

interface Keywords {
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null';
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Keywords[];
  readonly allOf?: readonly Keywords[];
  readonly properties?: Readonly<Record<string, Keywords>>;
  readonly patternProperties?: Readonly<Record<string, Keywords>>;
  readonly required?: readonly string[];
  readonly items?: Keywords | readonly Keywords[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** Known, and not looked at below: they say nothing of a value, or nothing that others do not say. */
const SILENT = ['x-sums', 'x-group', 'additionalItems', 'minItems', 'maxItems', 'additionalProperties'];
const KNOWN: ReadonlySet<string> = new Set([
  ...['type', 'const', 'enum', 'anyOf', 'allOf', 'properties', 'patternProperties', 'required', 'items'],
  ...['minimum', 'maximum', 'minLength', 'maxLength', 'maxItems'],
  ...SILENT,
]);

interface Fault {
  readonly path: string;
  readonly what: string;
}

/** "/topics/flows/rows/0/opened is not an integer"; null: the value is what the schema promises. Additional fields are allowed. */
export function faultIn(schema: TSchema, value: unknown): string | null {
  const fault = check(schema as Keywords, value);
  return fault === null ? null : `${fault.path || 'the answer'} ${fault.what}`;
}

/** Keywords of `schema` that are not understood here, anywhere in it. */
export function unknownKeywords(schema: TSchema): string[] {
  const found = Object.keys(schema).filter((name) => !KNOWN.has(name));
  return [...found, ...partsOf(schema as Keywords).flatMap((part) => unknownKeywords(part as TSchema))];
}

function partsOf({
  anyOf = [],
  allOf = [],
  properties,
  patternProperties,
  items = [],
}: Keywords): Keywords[] {
  const objects = [...Object.values(properties ?? {}), ...Object.values(patternProperties ?? {})];
  return [...anyOf, ...allOf, ...objects, ...[items].flat()] as Keywords[];
}

const fault = (what: string): Fault => ({ path: '', what });
const below = (name: string | number, { path, what }: Fault): Fault => ({ path: `/${name}${path}`, what });

function check(schema: Keywords, value: unknown): Fault | null {
  if (schema.anyOf !== undefined) return alternatives(schema.anyOf, value);
  if (schema.allOf !== undefined) return first(schema.allOf, (part) => check(part, value));
  if ('const' in schema)
    return value === schema.const ? null : fault(`is not ${JSON.stringify(schema.const)}`);
  if (schema.enum !== undefined)
    return schema.enum.includes(value) ? null : fault(`is none of ${schema.enum.join(', ')}`);
  switch (schema.type) {
    case 'object':
      return object(schema, value);
    case 'array':
      return array(schema, value);
    case 'string':
      return text(schema, value);
    case 'number':
    case 'integer':
      return number(schema, value);
    case 'boolean':
      return typeof value === 'boolean' ? null : fault('is not true or false');
    default:
      return value === null ? null : fault('is not null');
  }
}

/** Of something that is mostly "this, or null" the first alternative says what is missing. */
function alternatives(schemas: readonly Keywords[], value: unknown): Fault | null {
  let found: Fault | null = null;
  for (const schema of schemas) {
    const one = check(schema, value);
    if (one === null) return null;
    found ??= one;
  }
  return found;
}

function first<T>(parts: readonly T[], faultOf: (part: T) => Fault | null): Fault | null {
  for (const part of parts) {
    const found = faultOf(part);
    if (found !== null) return found;
  }
  return null;
}

function object(schema: Keywords, value: unknown): Fault | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fault('is not an object');
  const fields = value as Record<string, unknown>;
  const lacking = schema.required?.find((name) => !Object.hasOwn(fields, name));
  if (lacking !== undefined) return below(lacking, fault('is missing'));
  for (const name in schema.properties) {
    if (!Object.hasOwn(fields, name)) continue;
    const found = check(schema.properties[name] as Keywords, fields[name]);
    if (found !== null) return below(name, found);
  }
  /* Every record here takes any key. */
  const [values] = Object.values(schema.patternProperties ?? {});
  return values === undefined ? null : record(values, fields);
}

function record(values: Keywords, fields: Record<string, unknown>): Fault | null {
  for (const [name, value] of Object.entries(fields)) {
    const found = check(values, value);
    if (found !== null) return below(name, found);
  }
  return null;
}

function array({ items, maxItems = Number.POSITIVE_INFINITY }: Keywords, value: unknown): Fault | null {
  if (!Array.isArray(value)) return fault('is not a list');
  if (value.length > maxItems) return fault(`has more than ${maxItems} items`);
  const tuple = Array.isArray(items);
  if (tuple && value.length !== items.length) return fault(`has not ${items.length} items`);
  for (let i = 0; i < value.length; i++) {
    const found = check((tuple ? items[i] : items) as Keywords, value[i]);
    if (found !== null) return below(i, found);
  }
  return null;
}

function text(
  { minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Keywords,
  value: unknown,
): Fault | null {
  if (typeof value !== 'string') return fault('is not a text');
  return value.length >= minLength && value.length <= maxLength ? null : fault('is too short or too long');
}

function number({ type, minimum, maximum }: Keywords, value: unknown): Fault | null {
  const what = type === 'integer' ? 'an integer' : 'a number';
  if (!(type === 'integer' ? Number.isInteger(value) : Number.isFinite(value)))
    return fault(`is not ${what}`);
  const within =
    (minimum ?? Number.NEGATIVE_INFINITY) <= (value as number) &&
    (value as number) <= (maximum ?? Number.POSITIVE_INFINITY);
  return within ? null : fault(`is not ${what} in its range`);
}
