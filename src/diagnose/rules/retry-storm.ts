/**
 * retry-storm: a destination refuses or has no route, and a program hammers it. Not a port problem. (One that does not answer: no-answer;
 * many ports of one host: port-scan.) Pure.
 */

import { failureWords } from '../../protocol/failure-words.js';
import type { Cause, FailureRow, Fix, ProcessInfo } from '../../protocol/rows.js';
import { MOST_PIDS } from '../actors.js';
import { findLine } from '../fixes.js';
import { scanKey } from '../incidents/subjects.js';
import { programKey } from '../program-key.js';
import type { Advice, Candidate, Facts, Rule, Tables } from '../types.js';
import { integer, rate, tenths, where, who } from '../words.js';
import { candidate } from './candidate.js';
import { listening, routed } from './failing/look.js';
import { scanned } from './failing/port-scan.js';

const CAUSES: ReadonlySet<Cause> = new Set(['refused', 'unreachable', 'reset']);
const WARN_PER_SEC = 5;
/** As many as make an incident. */
const TELL_PER_SEC = 0.5;
/** No more findings are kept. */
const MOST = 100;

interface Storm {
  readonly key: string;
  process: ProcessInfo;
  readonly destination: FailureRow['destination'];
  readonly netns: number | null;
  readonly netnsId: string | null;
  readonly cause: Cause;
  readonly errno: string | null;
  readonly program: string | null;
  perSec: number;
  count: number;
  processes: number;
  readonly pids: number[];
}

export const retryStorm: Rule = (tables, facts) =>
  storms(tables)
    .filter(({ perSec }) => perSec >= TELL_PER_SEC)
    .sort((a, b) => b.perSec - a.perSec)
    .slice(0, MOST)
    .map((one) => storm(one, tables, facts));

/** A shell loop's processes each fail once: they are one storm, their parent's. */
function storms(tables: Tables): Storm[] {
  const scans = scanned(tables);
  const isScan = (row: FailureRow) => scans.size > 0 && row.cause === 'refused' && scans.has(scanKey(row));
  const byKey = new Map<string, Storm>();
  const [now, past] = parted(tables.failures.filter((row) => isFailing(row) && !isScan(row)));
  for (const row of now) {
    const key = keyOf(row);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, begun(key, row));
    else add(known, row);
  }
  if (byKey.size > 0) for (const row of past) addPast(byKey.get(keyOf(row)), row);
  return [...byKey.values()];
}

const isFailing = ({ call, cause }: FailureRow) => call === 'connect' && CAUSES.has(cause);

/** Those that fail now, and those that did: a loop's processes that have ended, mostly. */
function parted(rows: readonly FailureRow[]): [now: FailureRow[], past: FailureRow[]] {
  const isNow = ({ perSec }: FailureRow) => (perSec ?? 0) > 0;
  return [rows.filter(isNow), rows.filter((row) => !isNow(row))];
}

function keyOf({ netnsId, destination: { address, port }, program, process, key, cause }: FailureRow) {
  return `${netnsId} ${address} ${port} ${program === null ? key : programKey(process, program)} ${cause}`;
}

function begun(key: string, row: FailureRow): Storm {
  const { process, destination, netns, netnsId, cause, errno, program, count, perSec } = row;
  const counts = { perSec: perSec ?? 0, count, processes: 1, pids: pidsOf(row) };
  return { key, process, destination, netns, netnsId, cause, errno, program, ...counts };
}

const pidsOf = ({ process }: FailureRow): number[] => (process.pid === null ? [] : [process.pid]);

function add(known: Storm, row: FailureRow): void {
  count(known, row);
  known.perSec += row.perSec ?? 0;
  if (known.pids.length < MOST_PIDS) known.pids.push(...pidsOf(row));
}

/** It was of the same storm; another process of a program that has failed to the same place. */
function addPast(known: Storm | undefined, row: FailureRow): void {
  if (known !== undefined) count(known, row);
}

function count(known: Storm, row: FailureRow): void {
  if (known.processes === 1) known.process = { ...known.process, pid: null, startTime: null, cmdline: null };
  known.count += row.count;
  known.processes += 1;
}

function storm(one: Storm, tables: Tables, facts: Facts): Candidate {
  const { errno, cause, destination, perSec, count } = one;
  const program = one.processes === 1 ? null : one.program;
  return candidate(
    { ...one, program },
    {
      rule: 'retry-storm',
      priority: 60,
      weight: perSec,
      severity: perSec >= WARN_PER_SEC ? 'warning' : 'info',
      confidenceReason: 'each failed attempt was counted with its errno',
      title: `${who(one.process, program)} tries ${where(destination)} ${rate(perSec)} times a second and fails: ${failureWords(errno, cause)}`,
      evidence: [
        { text: 'failed connects', value: integer(count) },
        { text: 'per second', value: tenths(perSec) },
        { text: 'errno', value: errno },
      ],
      doNow: checks(one, tables),
      fixForGood: [BACK_OFF],
      findLine: findLine(one.process, destination, facts),
    },
  );
}

/** Of a reset there is nothing to look at from outside. */
function checks(one: Storm, tables: Tables): Advice[] {
  if (one.cause === 'refused') return [listening(one, tables, one.destination)];
  return one.cause === 'unreachable' ? routed(one, tables, one.destination) : [];
}

export const BACK_OFF: Fix = {
  text: 'Wait longer after each failure, with chance, up to a limit; and stop asking a destination that is down (circuit breaker).',
  snippet: 'delay = min(30 s, 0.1 s × 2^failures) × random(0.5, 1)',
  language: 'text',
};
