/**
 * What a shell can complete of the command line, read off the options, the row fields and the filter keys: none of them is listed twice.
 * In: nothing. Out: commands with their flags, and words for their values.
 */
import { fileKey, flagName } from '../../config/names.js';
import { COMMANDS, type CommandSpec, type OptionSpec, type ValueKind } from '../../config/options.js';
import { DEFAULT_LISTEN, DEFAULT_SOCKET } from '../../protocol/names.js';
import { fieldsOf } from '../../query/fields.js';
import { FILTER_KEYS } from '../../query/filter/keys.js';

/** What may stand behind a flag: one of these words, or something that the shell finds itself. */
export type Values =
  | { readonly words: readonly string[] }
  | { readonly find: Exclude<ValueKind, 'service' | 'sort'> | 'anything' };

export interface Flag {
  /** With its dashes. */
  readonly long: string;
  readonly short: string | null;
  readonly help: string;
  /** The value's name in --help, and what it may be; null: a switch. */
  readonly value: ({ readonly name: string } & Values) | null;
}

export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** What its argument may be. */
  readonly argument: readonly string[];
}

const HELP: Flag = { long: '--help', short: '-h', help: 'display help for command', value: null };

export const commandWords = (): CommandWords[] =>
  Object.entries<CommandSpec>(COMMANDS).map(([name, { summary, argument, options }]) => ({
    name,
    summary,
    flags: [...Object.entries(options).flatMap(([key, spec]) => flagsOf(key, spec)), HELP],
    argument: argument?.words ?? [],
  }));

function flagsOf(key: string, spec: OptionSpec): Flag[] {
  const { help, short = null, arg } = spec;
  const value = arg === undefined ? null : { name: arg, ...valuesOf(spec) };
  const flag = { long: flagName(key), short, help, value };
  return spec.negatable ? [flag, { ...flag, long: `--no-${fileKey(key)}`, help: `no ${key}` }] : [flag];
}

function valuesOf({ schema, values }: OptionSpec): Values {
  const { enum: words } = schema as { enum?: readonly string[] };
  if (words !== undefined) return { words };
  if (values === 'sort') return { words: sortWords() };
  if (values === 'service') return { words: [`http://${DEFAULT_LISTEN}`, `unix:${DEFAULT_SOCKET}`] };
  return { find: values ?? 'anything' };
}

/** Descending is what is wanted of most fields that are numbers. */
const sortWords = () =>
  [...fieldsOf('flows').values()].flatMap(({ path, kind }) =>
    kind === 'number' ? [`-${path}`, path] : path,
  );

/** Filter keys with the names that they take; none: they take something else. */
export const filterWords = (): (readonly [key: string, names: readonly string[]])[] =>
  [...FILTER_KEYS].map(([key, names]) => [key, names ?? []]);
