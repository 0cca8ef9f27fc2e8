/**
 * Labels and series, and `other`: the series of all keys that have none of their own.
 */
import { hex, spelled } from '../../protocol/format.js';

export type Labels = Readonly<Record<string, string>>;

export interface Series {
  readonly labels: Labels;
  readonly value: number;
}

/** Equal for equal values of a family's labels, which always come in the same order. */
export const seriesKey = (labels: Labels): string => Object.values(labels).join('\0');

/** `other` in every label: one series per family, which no real key equals. */
export function otherLabels(names: readonly string[]): Labels {
  return Object.fromEntries(names.map((name) => [name, 'other']));
}

/** Prometheus treats an empty label as an absent one. Processes choose names: what would steer a terminal is spelt out. */
export const labelText = (value: string | number | null): string =>
  value === null ? '' : spelled(String(value), (character) => `\\u${hex(character)}`);
