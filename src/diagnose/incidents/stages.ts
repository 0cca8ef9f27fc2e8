/**
 * When a subject begins to be an incident, eases, is over, and how bad it is. In: how it fares, what is seen of it. Out: moments and states.
 * Pure. Why these seconds: docs/decisions/incidents.md.
 */
import { isPorts } from '../../forecast/harm.js';
import { fullness } from '../../forecast/outlook.js';
import type { IncidentState, Severity } from '../../protocol/rows.js';
import type { Observation } from './observation.js';
import type { Trouble } from './trouble.js';

/** Fewer within the window are no incident. */
const LEAST_FAILURES = 5;
/** That ports are out is believed when it has lasted this long, ms; a forecast after longer, and more while most ports are free. */
const OUT_MS = 1500;
const SOON_MS = 3500;
const FILLING_MS = 5000;
/** And while all that holds ports stays open: a pool may grow to its size. */
const GROWING_MS = 30_000;
const HALF = 0.5;
/** Of the ports that are held, the share in TIME_WAIT below which they stay open. */
const FEW = 0.1;
/** Without trouble for this long it eases, and for that long it is over. */
export const EASES_MS = 10_000;
const OVER_MS = 60_000;
/** It is not over while this share of the ports is held. */
const FULL = 0.8;

export function hasBegun({ recent, threatFrom }: Trouble, seen: Observation, time: number): boolean {
  if (recent >= LEAST_FAILURES || (recent > 0 && seen.threat === 'out')) return true;
  return threatFrom !== null && time - threatFrom >= beliefMs(seen);
}

function beliefMs({ budget, threat }: Observation): number {
  if (budget === null || threat !== 'soon') return OUT_MS;
  if ((fullness(budget) ?? 0) >= HALF) return SOON_MS;
  const staysOpen = (budget.timeWait ?? 0) < FEW * (budget.used ?? 0);
  return staysOpen ? GROWING_MS : FILLING_MS;
}

/** @param quietMs without trouble */
export function stateOf(quietMs: number, { budget }: Observation): IncidentState {
  const isFull = budget !== null && (fullness(budget) ?? 0) >= FULL;
  if (quietMs >= OVER_MS && !isFull) return 'over';
  return quietMs >= EASES_MS ? 'easing' : 'open';
}

export function severityOf({ recent }: Trouble, { subject, threat }: Observation): Severity {
  return isPorts(subject.kind) && (recent > 0 || threat === 'out') ? 'critical' : 'warning';
}
