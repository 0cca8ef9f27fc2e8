/**
 * What the families of metrics share: labels, series, and `other`, the series of everybody who has none. Called by all of
 * this directory.
 */
export type Labels = Readonly<Record<string, string>>;

export interface Series {
  readonly labels: Labels;
  readonly value: number;
}

/** The same for equal values of a family's labels, which always come in the same order. */
export const seriesKey = (labels: Labels): string => Object.values(labels).join('\0');

/** In every label, so that it is nobody's name and one series per family. */
export function otherLabels(names: readonly string[]): Labels {
  return Object.fromEntries(names.map((name) => [name, 'other']));
}

/** Prometheus takes an empty label for an absent one. */
export const labelText = (value: string | number | null): string => (value === null ? '' : String(value));
