/**
 * What `why` tells, one thing after the other: findings, and incidents that no finding speaks for; each with what to do about it. What is
 * done about an incident stands where its finding speaks, in the incident's own order. In: rows. Out: items. Text is not yet safe to print.
 */
import { stamp } from '../../protocol/format.js';
import type {
  Evidence,
  FindingRow,
  Fix,
  IncidentRemedy,
  IncidentRow,
  Remedy,
  Severity,
} from '../../protocol/rows.js';
import { changeWords } from '../../view/incident.js';

const MOST_CHANGES = 3;

export interface Item {
  readonly severity: Severity;
  readonly title: string;
  readonly about: readonly string[];
  readonly evidence: readonly Evidence[];
  readonly remedies: readonly IncidentRemedy[];
  readonly findLine: readonly Fix[];
}

/** @param findings the first to be read first. @param incidents of the same filter */
export function itemsOf(findings: readonly FindingRow[], incidents: readonly IncidentRow[]): Item[] {
  const active = findings.filter(({ resolved }) => resolved === null);
  const lasting = new Map(
    incidents.flatMap((row) => (row.state === 'over' ? [] : [[row.key, row] as const])),
  );
  const spoken = new Set(active.map(({ incident }) => incident));
  const told = active.map((row) => ofFinding(row, active, lasting));
  const unspoken = [...lasting.values()].filter(({ state, key }) => state === 'open' && !spoken.has(key));
  const slight = told.findIndex(({ severity }) => severity === 'info');
  return told.toSpliced(slight < 0 ? told.length : slight, 0, ...unspoken.map(ofIncident));
}

function ofFinding(
  row: FindingRow,
  active: readonly FindingRow[],
  lasting: ReadonlyMap<string, IncidentRow>,
): Item {
  const incident = row.incident === null ? undefined : lasting.get(row.incident);
  const speaker = incident && active.findIndex((one) => one.incident === incident.key);
  const isPart = speaker !== undefined && active[speaker] !== row;
  const { severity, title, evidence, findLine, since, confidence, confidenceReason, rule } = row;
  const about = [
    row.process.cmdline === null ? null : `Command line: ${row.process.cmdline}`,
    parentWords(row),
    `Since ${stamp(since)}; ${confidence} confidence: ${confidenceReason}. Rule ${rule}.`,
    isPart ? `Part of ${speaker + 1}, which says what to do.` : null,
    ...(isPart || incident === undefined ? [] : changesOf(incident)),
  ].filter((line) => line !== null);
  const remedies = isPart ? [] : (incident?.remedies ?? ownRemedies(row));
  return { severity, title, about, evidence, remedies, findLine };
}

function ofIncident(row: IncidentRow): Item {
  const { severity, title, since, remedies } = row;
  const about = [`Since ${stamp(since)}.`, ...changesOf(row)];
  return { severity, title, about, evidence: [], remedies, findLine: [] };
}

/** What was changed shortly before it began, or since: it may be the cause. */
const changesOf = ({ changes }: IncidentRow): string[] =>
  changes.slice(-MOST_CHANGES).map((change) => {
    const effect = change.worked === null ? '' : `: ${changeWords(change, changes)}`;
    return `At ${stamp(change.time)} ${change.text}${effect}.`;
  });

function parentWords({ process, program }: FindingRow): string | null {
  const { pid, comm } = process.parent;
  if (program === null || comm === null) return null;
  return `Program: ${program}, started by ${comm}${pid === null ? '' : ` (pid ${pid})`}`;
}

/** Those of a finding that is about no incident, in the order that an incident's have: the cure first. */
function ownRemedies({ fixForGood, doNow }: FindingRow): IncidentRemedy[] {
  return [...fixForGood.map(cure), ...doNow.map(advice)];
}

const NOTHING = { command: null, undo: null, effect: null, settlesAt: null, reason: null };

const cure = (fix: Fix): IncidentRemedy => ({ ...NOTHING, role: 'fix-for-good', ...fix });

function advice({ persistence, effect, ...remedy }: Remedy): IncidentRemedy {
  const parts = [effect, persistence].filter((part) => part !== null);
  return { ...NOTHING, role: 'do-now', ...remedy, effect: parts.length === 0 ? null : parts.join(' ') };
}
