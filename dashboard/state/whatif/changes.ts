/**
 * What the sliders say, in the terms of the forecast. In: positions of sliders, the settings as they are. Out: changes, the settings to set. Pure.
 */
import { type Changes, UNCHANGED } from '../../../src/forecast/projection.js';
import type { TotalsRow } from '../../../src/protocol/rows.js';
import type { WantedSettings } from '../../../src/protocol/source.js';

/** Null: as it is now. */
export interface Sliders {
  readonly low: number | null;
  readonly high: number | null;
  readonly twReuse: number | null;
  /** Of new connections, percent. */
  readonly pooled: number;
  readonly sources: number;
  readonly destinations: number;
}

export const AT_REST: Sliders = {
  ...{ low: null, high: null, twReuse: null, pooled: 0 },
  ...{ sources: 1, destinations: 1 },
};

export const LEAST_PORT = 1024;
export const MOST_PORT = 65_535;
/** Addresses that one may think of. */
export const MOST_ADDRESSES = 16;

type Settings = Pick<TotalsRow, 'portRange' | 'tcpTwReuse'>;

export function changesOf(sliders: Sliders, settings: Settings): Changes {
  const { range, twReuse } = wantedOf(sliders, settings);
  const { sources, destinations, pooled } = sliders;
  return { range, twReuse, sources, destinations, reused: pooled / 100 };
}

/** What the kernel can be told; what is as it is now is no change. */
export function wantedOf(
  { low, high, twReuse }: Sliders,
  { portRange, tcpTwReuse }: Settings,
): WantedSettings {
  return {
    range: rangeOf(low, high, portRange),
    twReuse: twReuse === tcpTwReuse ? null : twReuse,
  };
}

/** The two ends never cross. */
function rangeOf(
  low: number | null,
  high: number | null,
  now: TotalsRow['portRange'],
): [number, number] | null {
  if (now === null) return null;
  const from = low ?? now[0];
  const to = Math.max(high ?? now[1], from + 1);
  return from === now[0] && to === now[1] ? null : [from, to];
}

export const isChange = (changes: Changes): boolean => JSON.stringify(changes) !== JSON.stringify(UNCHANGED);
