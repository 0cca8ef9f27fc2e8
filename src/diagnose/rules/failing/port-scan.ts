/**
 * port-scan: one program is refused at many ports of one host: it looks for what is open there, or all services of that host are down.
 * One finding, not one for each port. Pure.
 */
import { hostOf } from '../../../protocol/parts/destination.js';
import type { FailureRow } from '../../../protocol/rows.js';
import { groupBy, sumOf } from '../../groups.js';
import { scanKey, scansOf } from '../../incidents/subjects.js';
import type { Candidate, Rule, Tables } from '../../types.js';
import { integer, rate, tenths, who } from '../../words.js';
import { candidate } from '../candidate.js';
import { listening } from './look.js';

const MOST = 50;

export const portScan: Rule = (tables) =>
  [...scanned(tables).values()].slice(0, MOST).map((rows) => scan(rows, tables));

/** Rules ask for the same second. */
const known = new WeakMap<Tables, ReadonlyMap<string, FailureRow[]>>();

/** Rows of each program and host of which many ports refuse, by scanKey. */
export function scanned(tables: Tables): ReadonlyMap<string, FailureRow[]> {
  const before = known.get(tables);
  if (before !== undefined) return before;
  const scans = scansOf(tables.failures, tables.time);
  const isScan = (row: FailureRow) => row.cause === 'refused' && scans.has(scanKey(row));
  const rows = groupBy(scans.size === 0 ? [] : tables.failures.filter(isScan), scanKey);
  known.set(tables, rows);
  return rows;
}

function scan(rows: readonly FailureRow[], tables: Tables): Candidate {
  const [first] = rows as [FailureRow];
  const { destination, process, program, netns, netnsId } = first;
  const host = hostOf(destination);
  const ports = new Set(rows.map((row) => row.destination.port));
  const perSec = sumOf(rows, (row) => row.perSec);
  const isOne = rows.every((row) => row.process.pid === process.pid);
  const name = who(isOne ? process : { ...process, pid: null }, isOne ? null : program);
  return candidate(
    { key: scanKey(first), process, program: isOne ? null : program, destination: host, netns, netnsId },
    {
      rule: 'port-scan',
      priority: 59,
      weight: perSec,
      severity: 'warning',
      confidence: 'medium',
      confidenceReason:
        'each refusal was counted; whether somebody looks for open ports, or services are down, nobody can see',
      title: `${name} is refused at ${integer(ports.size)} ports of ${host.address}, ${rate(perSec)} times a second: a scan, or the services of that host are down`,
      evidence: [
        { text: 'ports that refused', value: ports.size },
        { text: 'refused connects', value: integer(sumOf(rows, (row) => row.count)) },
        { text: 'per second', value: tenths(perSec) },
      ],
      doNow: [listening(first, tables, host)],
      fixForGood: [
        {
          text: 'A scan that nobody ordered is a matter for whoever looks after security: who started the program, and why. Else start the services of that host, or take it out of the list of those that are asked.',
          snippet: null,
          language: null,
        },
      ],
    },
  );
}
