/**
 * Which incident a finding is about, and which one of an incident's findings speaks for it. In: findings, the first to be read first, and
 * incidents. Out: the same findings with both. Pure.
 */
import type { FindingRow, IncidentKind, IncidentRow } from '../../protocol/rows.js';
import { programKey } from '../program-key.js';

const PORTS: readonly IncidentKind[] = ['ports', 'bind-pool'];

/** What the findings of each rule may be about; an empty list: about no incident. */
export const KINDS: Readonly<Record<string, readonly IncidentKind[]>> = {
  'port-exhaustion': PORTS,
  'connection-churn': PORTS,
  'pool-bypassed': PORTS,
  'bind-before-connect': PORTS,
  'narrow-port-range': PORTS,
  'tcp-tw-reuse': PORTS,
  'close-wait-leak': PORTS,
  'fin-wait-2': PORTS,
  'slow-connect': PORTS,
  'time-wait-overflow': ['overflow'],
  'retry-storm': ['refused', 'unreachable', 'other'],
  'no-answer': ['no-answer'],
  'syn-loss': ['no-answer'],
  'port-scan': ['scan'],
  'bind-failure': ['bind'],
  'address-not-available': ['bind', 'other'],
  'server-time-wait': [],
};

/** @param incidents the worst first */
export function withIncidents(
  findings: readonly FindingRow[],
  incidents: readonly IncidentRow[],
): FindingRow[] {
  const lasting = incidents.filter(({ state }) => state !== 'over');
  const spoken = new Set<string>();
  return findings.map((finding) => {
    const incident = finding.resolved === null ? (incidentOf(finding, lasting)?.key ?? null) : null;
    const part = incident !== null && spoken.has(incident);
    if (incident !== null) spoken.add(incident);
    return { ...finding, incident, part };
  });
}

/** What the verdict is about is read first: its finding, then the parts of it; the others keep their order. */
export function ranked(findings: readonly FindingRow[], incident: string | null): FindingRow[] {
  const isAbout = (finding: FindingRow) => incident !== null && finding.incident === incident;
  const first = findings.filter(isAbout);
  const rest = findings.filter((finding) => !isAbout(finding));
  return [...first, ...rest].map((finding, i) => ({ ...finding, rank: i + 1 }));
}

/** The one of its place; a finding about many places belongs to the worst of its namespace. */
function incidentOf(finding: FindingRow, incidents: readonly IncidentRow[]): IncidentRow | undefined {
  const kinds = KINDS[finding.rule] ?? [];
  const here = incidents.filter(({ netnsId, kind }) => netnsId === finding.netnsId && kinds.includes(kind));
  const { address, port } = finding.destination;
  const exact = here.find(({ destination }) => destination.address === address && destination.port === port);
  const host = here.find(({ kind, destination }) => kind === 'scan' && destination.address === address);
  // Of every destination.
  const whole = here.find((one) => one.kind === 'overflow' || isOfCulprit(finding, one));
  return exact ?? host ?? whole ?? (address === null ? here[0] : undefined);
}

/** A bind pool has the findings of those who take its ports; others there suffer by it, and have a cure of their own. */
function isOfCulprit({ process }: FindingRow, { kind, culprits }: IncidentRow): boolean {
  if (kind !== 'bind-pool') return false;
  const key = programKey(process, null);
  return culprits.length === 0 || culprits.some((one) => programKey(one.process, null) === key);
}
