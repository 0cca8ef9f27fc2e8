/**
 * Numbers, times and addresses as text, written the same in the verdict, in findings, in the terminal and on the page; and what
 * of other processes' text is spelt out wherever it is printed.
 * In: values of rows; null or undefined is unknown. Out: text, or null for what is unknown, so that each surface writes its
 * own dash. Pure, without node and without the schema library: the page imports these functions.
 */
import { LOSS_REASONS, type LossReason } from './names.js';
import type { Lost } from './rows.js';

/** What stands for an unknown value where any character can be shown. */
export const UNKNOWN = '–';

/** A rate or a number of seconds as rows have it. */
export const tenths = (value: number): number => Math.round(value * 10) / 10;

export type Maybe = number | null | undefined;

interface Writer {
  (value: number): string;
  (value: Maybe): string | null;
}

const writer = (write: (value: number) => string): Writer =>
  ((value: Maybe) => (value == null ? null : write(value))) as Writer;

/** Thousands apart. Not by Intl.NumberFormat, whose first use costs each command 30 ms and 7 MB. */
const grouped = (text: string) => text.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',');

const separated = (value: number) => grouped(String(Math.round(value)));

/** A count with separators: `26,811`. */
export const integer = writer(separated);

/** A count with its noun: `1 port`, `2,000 ports`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${separated(value)} ${value === 1 ? one : many}`;

/** Any other number, with one decimal unless it is whole: `1,234.5`. */
export const number = writer((value) => grouped(String(Number(value.toFixed(1)))));

/** Per second: `65.5`, and without a decimal from 100 on. What is not zero never reads as zero. */
export const rate = writer((perSecond) => {
  if (perSecond === 0) return '0';
  if (perSecond < 0.05) return '<0.1';
  return perSecond < 99.95 ? perSecond.toFixed(1) : separated(perSecond);
});

/** Takes back what a share lost as a floating-point number: 0.57 × 1000 is less than 570. */
const ROUNDING = 1e-9;

/** A share, 0 to 1: `12 %`, `99.6 %`. Rounded down, so that only everything is `100 %`; what is not nothing is not `0 %`. */
export const percent = writer((share) => {
  const tenths = Math.floor(share * 1000 + ROUNDING);
  if (tenths === 0 && share > 0) return '<0.1 %';
  if (tenths === 1000 && share < 1) return '99.9 %';
  return tenths % 10 === 0 ? `${separated(tenths / 10)} %` : `${(tenths / 10).toFixed(1)} %`;
});

/** Each unit with the next smaller one, in seconds. */
const UNITS = [
  { name: 'd', size: 86_400, part: 'h', partSize: 3_600 },
  { name: 'h', size: 3_600, part: 'min', partSize: 60 },
  { name: 'min', size: 60, part: 's', partSize: 1 },
] as const;

/** Whole seconds in their two largest units: `12 s`, `2 min 10 s`, `1 h 5 min`. Clocks that differ make none negative. */
export const seconds = writer((value) => {
  const whole = Math.max(0, Math.round(value));
  const unit = UNITS.find(({ size }) => whole >= size);
  if (unit === undefined) return `${whole} s`;
  const { name, size, part, partSize } = unit;
  return `${Math.floor(whole / size)} ${name} ${Math.floor((whole % size) / partSize)} ${part}`;
});

/** Milliseconds as precisely as it matters: `0.3 ms`, `12 ms`, `4.2 s`, from 10 s on as `seconds`. */
export const duration = writer((ms) => {
  if (ms <= 0) return '0 ms';
  if (ms < 0.05) return '<0.1 ms';
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : seconds(ms / 1000);
});

const POWERS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `812 B`, `1.2 kB`, `3.4 MB`: powers of 1000. */
export const bytes = writer((value) => {
  let [scaled, power] = [value, 0];
  // 999.95 would read as 1000.0.
  for (; scaled >= (power === 0 ? 1000 : 999.95) && power < POWERS.length - 1; power++) scaled /= 1000;
  return `${power === 0 ? scaled : scaled.toFixed(1)} ${POWERS[power]}`;
});

/** IPv6 in brackets, as it stands before a port. */
export const host = (address: string): string => (address.includes(':') ? `[${address}]` : address);

/**
 * `10.0.0.9:5432`, `[2001:db8::1]:443`; `unknown` stands for one part that is not known, null is returned where neither is.
 * Keys of rows and groups have their own, which never changes: src/aggregate, src/query/group.ts.
 */
export function endpoint(
  { address, port }: { address: string | null; port: number | null },
  unknown: string = UNKNOWN,
): string | null {
  if (address === null && port === null) return null;
  return `${address === null ? unknown : host(address)}:${port ?? unknown}`;
}

const digits = (value: number, length = 2) => String(value).padStart(length, '0');

const timeOfDay = (at: Date) =>
  [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => digits(n)).join(':');

/** A Unix time in ms as local time of day: `14:04:41`. For screens that are read now. */
export const clock = writer((time) => timeOfDay(new Date(time)));

/** `14:04:41.007`, for lines that come many a second. */
export const clockMs = writer((time) => {
  const at = new Date(time);
  return `${timeOfDay(at)}.${digits(at.getMilliseconds(), 3)}`;
});

/** `2026-11-28 14:04:41 UTC+01:00`: for text that leaves the screen and is read later, or elsewhere. */
export const stamp = writer((time) => `${date(time)} ${clock(time)} ${zone(time)}`);

/** `2026-11-28 14:04:41.007 UTC+01:00` */
export const stampMs = writer((time) => `${date(time)} ${clockMs(time)} ${zone(time)}`);

function date(time: number): string {
  const at = new Date(time);
  return [digits(at.getFullYear(), 4), digits(at.getMonth() + 1), digits(at.getDate())].join('-');
}

/** `UTC+01:00`: summer time is another zone. */
function zone(time: number): string {
  const minutes = -new Date(time).getTimezoneOffset();
  const distance = Math.abs(minutes);
  return `UTC${minutes < 0 ? '-' : '+'}${digits(Math.floor(distance / 60))}:${digits(Math.round(distance % 60))}`;
}

const LOSS_WORDS: Record<LossReason, string> = {
  ring: 'by a full ring',
  recursion: 'that the kernel did not show',
  storage: 'for want of memory',
};

/** `10 by a full ring, 2 that the kernel did not show`: the reasons that there are. */
export function lostWords(lost: Lost, reasons: readonly LossReason[] = LOSS_REASONS): string {
  const some = reasons.filter((reason) => lost[reason] > 0);
  return some.map((reason) => `${integer(lost[reason])} ${LOSS_WORDS[reason]}`).join(', ');
}

/**
 * Characters of another process's text that would steer a terminal or deceive a reader: controls (C0, DEL, C1), direction
 * overrides, invisible and line-breaking characters, lone halves of surrogate pairs: with the flag u a pair is one character, so
 * only lone halves are in the class.
 */
const HOSTILE = new RegExp(
  '[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f' +
    '\\ud800-\\udfff\\ufeff\\ufff9-\\ufffb]',
  'gu',
);

/** The same text, printable. @param spell what stands for one hostile character */
export function spelled(text: string, spell: (character: string) => string): string {
  return text.replace(HOSTILE, spell);
}

/** `202e`: the character's code, as long as escapes of four digits are. */
export const hex = (character: string, length = 4): string =>
  character.charCodeAt(0).toString(16).padStart(length, '0');
