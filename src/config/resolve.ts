/**
 * One value per option: flag before environment before file before default; each checked against the one schema. In:
 * raw flags, environment. Out: typed values of one command. Throws USAGE that names where a bad value came from.
 */

import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { PortchurnError } from '../protocol/errors.js';
import { ALL_OPTIONS } from './names.js';
import { COMMANDS, type CommandName, type OptionSpec, type ValuesOf } from './options.js';
import { type Environment, fromEnvironment, fromFile, fromFlags, type Given, type Layer } from './sources.js';

/** The values of `command`. `flags` holds only what the user typed, by option key. */
export function resolve<C extends CommandName>(
  command: C,
  flags: Readonly<Record<string, unknown>>,
  env: Environment,
): ValuesOf<C> {
  const layers = [fromFlags(flags), fromEnvironment(env)];
  const config = layers.map((layer) => layer.get('config')).find((given) => given !== undefined);
  if (config) layers.push(checkedFile(String(config.value)));
  const specs: Record<string, OptionSpec> = COMMANDS[command].options;
  const pick = ([key, spec]: [string, OptionSpec]) => [key, valueFor(key, spec, layers)];
  return Object.fromEntries(Object.entries(specs).map(pick)) as ValuesOf<C>;
}

/** Every key of a file is checked, also one that only another command uses: a mistake shows at once, not at 3 a.m. */
function checkedFile(path: string): Layer {
  const layer = fromFile(path);
  for (const [key, given] of layer) {
    const specs = Object.values(COMMANDS).flatMap(
      (c) => (c.options as Record<string, OptionSpec>)[key] ?? [],
    );
    const spec = ALL_OPTIONS.get(key);
    if (spec && !specs.some((one) => accepts(one, coerce(one.schema, given.value))))
      throw badValue(spec, given);
  }
  return layer;
}

function valueFor(key: string, spec: OptionSpec, layers: readonly Layer[]): unknown {
  const given = layers.map((layer) => layer.get(key)).find((found) => found !== undefined);
  if (given === undefined) return spec.default;
  const value = coerce(spec.schema, given.value);
  if (!accepts(spec, value)) throw badValue(spec, given);
  return value;
}

function accepts(spec: OptionSpec, value: unknown): boolean {
  if (!Value.Check(spec.schema, value)) return false;
  return (Array.isArray(value) ? value : [value]).every((one) => spec.also?.accepts(one as never) ?? true);
}

/** Text into what the schema wants, where the text says it exactly; anything else is left for the check to refuse. */
function coerce(schema: TSchema, value: unknown): unknown {
  const { type, items } = schema as { type?: string; items?: TSchema };
  if (type === 'array' && items) return list(value).map((item) => coerce(items, item));
  if (type === 'string' && typeof value === 'number') return String(value);
  if (typeof value !== 'string') return value;
  if (type === 'boolean') return SWITCH.get(value.toLowerCase()) ?? value;
  const number = type === 'integer' || type === 'number';
  return number && /^[+-]?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}

const SWITCH: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['on', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['off', false],
  ['0', false],
]);

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(list);
  return typeof value === 'string' ? value.split(',').map((item) => item.trim()) : [value];
}

function badValue(spec: OptionSpec, given: Given): PortchurnError {
  const { schema, value } = faultOf(spec, given.value);
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  const hint = spec.hint === undefined ? {} : { hint: spec.hint };
  return new PortchurnError('USAGE', `${given.origin}: "${shown}" is not ${need(spec, schema)}`, hint);
}

/** Of a list, the item that is wrong. */
function faultOf(spec: OptionSpec, value: unknown): { schema: TSchema; value: unknown } {
  const { schema } = spec;
  const { items } = schema as { items?: TSchema };
  const wrong =
    items && list(value).find((item) => !accepts({ ...spec, schema: items }, coerce(items, item)));
  return items && wrong !== undefined ? { schema: items, value: wrong } : { schema, value };
}

function need({ also }: OptionSpec, schema: TSchema): string {
  const { type } = schema as { type?: string };
  if (also === undefined) return wanted(schema);
  return type === 'string' ? also.wanted : `${wanted(schema)}, ${also.wanted}`;
}

/** What a schema asks for, in words. */
export function wanted(schema: TSchema): string {
  const it = schema as { type?: string; enum?: string[]; items?: TSchema } & Record<string, unknown>;
  if (it.enum) return `one of ${it.enum.join(', ')}`;
  if (it.items) return `a list, each ${wanted(it.items)}`;
  if (it.type === 'boolean') return 'true or false';
  if (it.type === 'string') return it.pattern ? 'a field name, like -timeWait' : 'a text';
  const low = it.exclusiveMinimum !== undefined ? `above ${it.exclusiveMinimum}` : `from ${it.minimum}`;
  return `${it.type === 'integer' ? 'a whole number' : 'a number'} ${low} to ${it.maximum}`;
}
