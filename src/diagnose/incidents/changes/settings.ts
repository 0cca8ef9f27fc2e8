/**
 * Settings of a namespace that matter to incidents, and what a change of one may do to an incident. In: rows of two seconds, the text of a
 * change. Out: texts, effects. Pure.
 */
import type { IncidentKind, TotalsRow } from '../../../protocol/rows.js';

/** By name, as rows say them. */
export const SETTINGS: readonly [string, (row: TotalsRow) => string | null][] = [
  ['ip_local_port_range', ({ portRange }) => portRange?.join(' ') ?? null],
  ['reserved ports', ({ reservedPorts }) => text(reservedPorts)],
  ['tcp_tw_reuse', ({ tcpTwReuse }) => text(tcpTwReuse)],
  ['tcp_timestamps', ({ tcpTimestamps }) => text(tcpTimestamps)],
  ['tcp_fin_timeout', ({ tcpFinTimeout }) => text(tcpFinTimeout)],
  ['tcp_max_tw_buckets', ({ tcpMaxTwBuckets }) => text(tcpMaxTwBuckets)],
];

const text = (value: number | null) => (value === null ? null : String(value));

/** `tcp_tw_reuse 2 → 1`, for each setting that differs; what is not known differs from nothing. */
export function changedSettings(before: TotalsRow, now: TotalsRow): string[] {
  return SETTINGS.flatMap(([name, of]) => {
    const [was, is] = [of(before), of(now)];
    return was === null || is === null || was === is ? [] : [`${name} ${was} → ${is}`];
  });
}

/** `tcp_tw_reuse 2 → 1` */
export const SETTING = /^([\w ]+?) ([\d ]+) → ([\d ]+)$/;

export type Effect = 'helps' | 'harms' | 'neither';

/** What a change may do to an incident of this kind: it did not work because of another that came after it. A program that was started again may help. */
export function effectOn(kind: IncidentKind, change: string): Effect {
  const [, name = '', was = '', is = ''] = SETTING.exec(change) ?? [];
  const grows = EFFECTS[name]?.[kind];
  if (name === '') return 'helps';
  if (grows === undefined) return 'neither';
  return amountOf(name, is) > amountOf(name, was) === (grows === 'helps') ? 'helps' : 'harms';
}

/** `tcp_tw_reuse 2` is less than 1: for loopback addresses alone. */
const AMOUNTS: Readonly<Record<string, (value: string) => number>> = {
  ip_local_port_range: (value) => {
    const [low = 0, high = 0] = value.split(' ').map(Number);
    return high - low;
  },
  tcp_tw_reuse: (value) => ({ 0: 0, 1: 2, 2: 1 })[value] ?? 0,
};

const amountOf = (name: string, value: string): number => AMOUNTS[name]?.(value) ?? Number(value);

type Kinds = Partial<Record<IncidentKind, 'helps' | 'harms'>>;

const onPorts = (effect: 'helps' | 'harms'): Kinds => ({ ports: effect, 'bind-pool': effect });

/** What more of a setting does. */
const EFFECTS: Readonly<Record<string, Kinds>> = {
  ip_local_port_range: { ...onPorts('helps'), bind: 'harms' },
  'reserved ports': { ...onPorts('harms'), bind: 'helps' },
  /* bind() takes no entry over. */
  tcp_tw_reuse: { ports: 'helps', overflow: 'helps' },
  tcp_timestamps: { ports: 'helps' },
  tcp_fin_timeout: onPorts('harms'),
  tcp_max_tw_buckets: { ...onPorts('harms'), overflow: 'helps' },
};
