/** Which incident is the worst: open ones first, then the severe, those of ports, those that fail most. Pure. */
import type { IncidentKind, IncidentRow } from '../protocol/rows.js';

const STATES: readonly IncidentRow['state'][] = ['open', 'easing', 'over'];
const SEVERITY = { critical: 0, warning: 1, info: 2 } as const;
/** Ports are what is watched here; a destination that is down may be meant to be. */
const KINDS: readonly IncidentKind[] = [
  'ports',
  'bind-pool',
  'overflow',
  'no-answer',
  'unreachable',
  'refused',
  'bind',
  'scan',
  'other',
];

/** Whether it is about ports that run out. */
export const isPorts = (kind: IncidentKind): boolean => kind === 'ports' || kind === 'bind-pool';

export const byKind = (a: IncidentKind, b: IncidentKind): number => KINDS.indexOf(a) - KINDS.indexOf(b);

/** In steps, so that rows do not change places all the time; ties by age, then by key. */
export function byHarm(a: IncidentRow, b: IncidentRow): number {
  return (
    STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
    SEVERITY[a.severity] - SEVERITY[b.severity] ||
    byKind(a.kind, b.kind) ||
    step(b) - step(a) ||
    a.since - b.since ||
    (a.key < b.key ? -1 : 1)
  );
}

const step = ({ failPerSec }: IncidentRow) => Math.round(Math.log2(1 + failPerSec));
