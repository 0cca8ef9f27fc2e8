/**
 * Numbers and names as findings and the verdict write them. Names of other processes are written as they are: whoever
 * prints escapes. In: values. Out: text.
 */
import type { Endpoint, ProcessInfo } from '../protocol/rows.js';

const separated = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

/** `26,811`; `–` for unknown. */
export function whole(value: number | null): string {
  return value === null ? '–' : separated.format(value);
}

/** `0.3`, `312`. */
export function rate(perSecond: number): string {
  return perSecond < 10 ? oneDecimal.format(perSecond) : separated.format(perSecond);
}

/** `12 %` */
export function percent(share: number): string {
  return `${separated.format(share * 100)} %`;
}

/** `4 s`, `2 min 10 s`, `1 h 5 min`. */
export function spell(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** Local wall clock of a Unix time in ms: `14:04:41`. */
export function clock(time: number): string {
  const at = new Date(time);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, '0')).join(':');
}

/** `10.0.0.9:5432`, `[2001:db8::1]:443`, `many destinations`. */
export function where({ address, port }: Endpoint): string {
  if (address === null) return 'many destinations';
  return `${address.includes(':') ? `[${address}]` : address}:${port ?? '?'}`;
}

/** `node (pid 4242)`, or the program that many processes are: `curl (bash loop.sh)`. */
export function who(process: ProcessInfo, program: string | null): string {
  if (process.pid === null) return program ?? process.comm ?? 'an unknown process';
  return `${process.comm ?? 'process'} (pid ${process.pid})`;
}

/** As the sentence says it: the unit that an operator knows, else the process. */
export function whoOperates(process: ProcessInfo, program: string | null): string {
  return process.unit?.endsWith('.service') ? process.unit : who(process, program);
}
