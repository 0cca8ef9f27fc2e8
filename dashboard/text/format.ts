/**
 * Numbers, times and names as text. Enters: row fields, null when unknown. Leaves: strings for text nodes.
 * Called by views and words. Unknown is always an en dash, never 0.
 */
import type { Endpoint, ProcessInfo } from '../../src/protocol/rows.js';

export const UNKNOWN = '–';
type Maybe = number | null | undefined;

const INTEGER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A count with separators: `28,232`. */
export function integer(value: Maybe): string {
  return value == null ? UNKNOWN : INTEGER.format(value);
}

/** Events per second. Below ten one decimal says more than a rounded 0; anything above 0 never reads as 0. */
export function rate(value: Maybe): string {
  if (value == null) return UNKNOWN;
  if (value === 0) return '0';
  if (value < 0.05) return '<0.1';
  return value < 9.95 ? value.toFixed(1) : INTEGER.format(value);
}

/** A ratio 0…1 as `99.6 %`. Rounds down, so that only everything is 100 %; but something is not 0 %. */
export function percent(ratio: Maybe): string {
  if (ratio == null) return UNKNOWN;
  const tenths = Math.floor(ratio * 1000 + 1e-9);
  if (tenths === 0 && ratio > 0) return '<0.1 %';
  return tenths % 10 === 0 ? `${tenths / 10} %` : `${(tenths / 10).toFixed(1)} %`;
}

const STEPS = [
  { unit: 'd', seconds: 86_400 },
  { unit: 'h', seconds: 3_600 },
  { unit: 'm', seconds: 60 },
] as const;

/** Whole seconds as their two largest parts: `42s`, `2m 10s`, `1h 4m`. */
export function seconds(value: Maybe): string {
  if (value == null) return UNKNOWN;
  const whole = Math.max(0, Math.round(value));
  const at = STEPS.findIndex((step) => whole >= step.seconds);
  const step = STEPS[at];
  if (!step) return `${whole}s`;
  const next = STEPS[at + 1] ?? { unit: 's', seconds: 1 };
  const rest = Math.floor((whole % step.seconds) / next.seconds);
  return `${Math.floor(whole / step.seconds)}${step.unit} ${rest}${next.unit}`;
}

/** Milliseconds at the precision that matters: `0.4ms`, `12ms`, `1.2s`, then as `seconds`. */
export function duration(ms: Maybe): string {
  if (ms == null) return UNKNOWN;
  if (ms < 9.95) return `${ms.toFixed(1)}ms`;
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)}s` : seconds(ms / 1000);
}

/** Unix milliseconds as local wall-clock time, `14:04:41`. */
export function clock(time: Maybe): string {
  if (time == null) return UNKNOWN;
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((n) => String(n).padStart(2, '0'))
    .join(':');
}

// Control characters and those that reorder, join or hide their neighbours: a process may carry any of them in its name.
const DECEPTIVE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** Text another process wrote, with every deceptive character spelt out. Only ever goes into a text node or attribute. */
export function foreign(text: string | null | undefined): string {
  if (!text) return UNKNOWN;
  return text.replace(DECEPTIVE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** `10.0.0.9:5432`, `[2001:db8::1]:443`; an unknown part is a dash, two unknown parts are one. */
export function endpoint({ address, port }: Endpoint): string {
  if (address === null && port === null) return UNKNOWN;
  const host =
    address === null ? UNKNOWN : address.includes(':') ? `[${foreign(address)}]` : foreign(address);
  return `${host}:${port ?? UNKNOWN}`;
}

/** The shortest name of a process: comm, else its executable's file name. */
export function processName(process: ProcessInfo): string | null {
  return process.comm ?? process.exe?.split('/').at(-1) ?? null;
}
