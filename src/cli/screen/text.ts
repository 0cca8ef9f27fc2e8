/**
 * Text for terminals. Names and command lines come from other processes and may hold escapes, so whatever they wrote goes
 * through printable() or jsonText() before it leaves. Enters: values. Leaves: safe text. Called by everything that prints.
 */

/** Controls (C0, DEL, C1), direction overrides, invisible and line-breaking characters, halves of surrogate pairs. */
const HOSTILE = new RegExp(
  '[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]' +
    '|[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]',
  'g',
);

const hex = (character: string, width: number) => character.charCodeAt(0).toString(16).padStart(width, '0');
const escaped = (c: string) => (c.charCodeAt(0) < 0x100 ? `\\x${hex(c, 2)}` : `\\u${hex(c, 4)}`);

/** One line that says what it says: a hostile character appears as \xNN or \uNNNN. */
export function printable(text: string): string {
  return text.replace(HOSTILE, escaped);
}

/** JSON on one line, equal in value, in which no character can steer a terminal. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(HOSTILE, (c) => `\\u${hex(c, 4)}`);
}

/** Glyphs, and what stands for them with --ascii. */
export interface Glyphs {
  readonly unknown: string;
  readonly arrow: string;
  readonly dot: string;
  readonly more: string;
  readonly atLeast: string;
  readonly ok: string;
  readonly warn: string;
  readonly fail: string;
  /** The two parts of a bar. */
  readonly full: string;
  readonly empty: string;
}
export const UNICODE: Glyphs = {
  unknown: '–',
  arrow: '→',
  dot: '·',
  more: '…',
  atLeast: '≥',
  ok: '✓',
  warn: '!',
  fail: '✗',
  full: '█',
  empty: '░',
};
export const ASCII: Glyphs = {
  unknown: '-',
  arrow: '->',
  dot: '|',
  more: '~',
  atLeast: '>=',
  ok: '+',
  warn: '!',
  fail: 'x',
  full: '#',
  empty: '.',
};

type Maybe<T> = T | null | undefined;

const separated = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Integers with separators; null stays null, so that the caller prints "unknown". */
export function count(value: Maybe<number>): string | null {
  return value == null ? null : separated.format(value);
}

/** Per second; small rates keep a decimal, so that 0.3/s does not read 0. */
export function rate(value: Maybe<number>): string | null {
  if (value == null) return null;
  return value > 0 && value < 100 ? oneDecimal.format(value) : separated.format(value);
}

/** `0.3 ms`, `12 ms`, `4.2 s`, `2m 10s`, `3h 05m`. */
export function span(ms: Maybe<number>): string | null {
  if (ms == null) return null;
  if (ms < 10) return `${oneDecimal.format(ms)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return countdown(ms / 1000);
}

/** Whole seconds: `12 s`, `2m 10s`, `3h 05m`. */
export function countdown(value: number): string {
  const seconds = Math.round(value);
  const two = (n: number) => String(n).padStart(2, '0');
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h ${two(Math.floor((seconds % 3600) / 60))}m`;
}

/** A share 0 to 1 as `99.6 %`. Rounds down, so that only everything is 100 %; but something is not 0 %. */
export function percent(share: Maybe<number>): string | null {
  if (share == null) return null;
  const tenths = Math.floor(share * 1000 + 1e-9);
  if (tenths === 0 && share > 0) return '<0.1 %';
  return `${tenths % 10 === 0 ? tenths / 10 : (tenths / 10).toFixed(1)} %`;
}

/** `812 B`, `1.2 kB`, `3.4 MB`: powers of 1000. */
export function bytes(value: Maybe<number>): string | null {
  if (value == null) return null;
  if (value < 1000) return `${value} B`;
  const power = Math.min(Math.floor(Math.log10(value) / 3), 5);
  return `${(value / 1000 ** power).toFixed(1)} ${' kMGTP'[power]}B`;
}

/** `address:port`, IPv6 in brackets; null when nothing is known. */
export function endpoint(at: { address: string | null; port: number | null }): string | null {
  if (at.address === null && at.port === null) return null;
  const address = at.address ?? '?';
  return `${address.includes(':') ? `[${address}]` : address}:${at.port ?? '?'}`;
}

/** Local wall clock of a Unix time in ms: `14:04:41`, or with milliseconds. */
export function clock(time: number, withMs = false): string {
  const at = new Date(time);
  const two = (n: number) => String(n).padStart(2, '0');
  const text = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return withMs ? `${text}.${String(at.getMilliseconds()).padStart(3, '0')}` : text;
}
