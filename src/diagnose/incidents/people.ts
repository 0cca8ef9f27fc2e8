/**
 * Who is in an incident: the culprits, who made what holds the ports now; and the victims, whose calls fail. In: actors and failure
 * rows. Out: parts of the incident's row. Pure.
 */
import type { BudgetRow, Culprit, FailureRow, ProcessInfo, Victim } from '../../protocol/rows.js';
import { heldOf } from '../holder.js';
import { programKey } from '../program-key.js';
import type { Actor } from '../types.js';
import { tenths } from '../words.js';

const MOST_SHOWN = 5;
/** Less than this is no culprit. */
const LEAST_SHARE = 0.05;
/** Who has less is not named in a sentence. */
const NAMED_SHARE = 1 / 3;

interface Held {
  readonly process: ProcessInfo;
  readonly program: string | null;
  ports: number;
}

/** @param actors that take ports of it. @returns the most ports first. A filter may hide who holds most: the budget's own holders are counted with those that are seen. */
export function culpritsOf(budget: BudgetRow, actors: readonly Actor[]): Culprit[] {
  const byProgram = new Map<string, Held>();
  for (const actor of actors) hold(byProgram, actor, heldOf(actor, budget));
  const seen = [...byProgram.values()];
  const isHidden = seen.every(({ ports }) => ports < (budget.holders[0]?.ports ?? 0));
  const all = isHidden
    ? budget.holders.map(({ process, ports }) => ({ process, program: null, ports }))
    : seen;
  return all
    .map((one) => ({ ...one, share: budget.used ? Math.min(1, one.ports / budget.used) : null }))
    .filter(({ ports, share }) => ports > 0 && (share ?? 1) >= LEAST_SHARE)
    .sort((a, b) => b.ports - a.ports)
    .slice(0, MOST_SHOWN);
}

function hold(byProgram: Map<string, Held>, { process, program, key }: Actor, ports: number): void {
  const group = program === null ? key : programKey(process, program);
  const known = byProgram.get(group);
  if (known === undefined) byProgram.set(group, { process, program, ports });
  else known.ports += ports;
}

/** The one that a sentence may name; null: nobody has enough of the ports. */
export function namedCulprit([first]: readonly Culprit[]): Culprit | null {
  return first !== undefined && (first.share ?? 1) >= NAMED_SHARE ? first : null;
}

interface Failing extends Victim {
  /** Several processes. */
  isCrowd: boolean;
  /** Of the one that is named. */
  most: number;
}

/** Of one program. */
export const groupOf = ({ process, program, key }: FailureRow): string =>
  program === null ? key : programKey(process, program);

/** Failed calls by who made them, processes of one program together. */
export function failedBy(rows: readonly FailureRow[]): Map<string, Victim> {
  const byProgram = new Map<string, Failing>();
  for (const row of rows) {
    const { process, program, count } = row;
    const group = groupOf(row);
    const perSec = row.perSec ?? 0;
    const known = byProgram.get(group);
    if (known === undefined)
      byProgram.set(group, { process, program, failed: count, perSec, isCrowd: false, most: count });
    else join(known, row, perSec);
  }
  return new Map([...byProgram].map(([key, one]) => [key, victimOf(one)]));
}

function join(known: Failing, { process, program, count }: FailureRow, perSec: number): void {
  const { pid, startTime } = known.process;
  if (process.pid !== pid || process.startTime !== startTime) known.isCrowd = true;
  if (count > known.most) Object.assign(known, { process, program, most: count });
  known.failed += count;
  known.perSec += perSec;
}

function victimOf({ process, program, failed, perSec, isCrowd }: Failing): Victim {
  const who = isCrowd ? { ...process, pid: null, startTime: null, cmdline: null } : process;
  return { process: who, program, failed, perSec };
}

/**
 * @param before failed calls that were counted before the incident began, by the same keys
 * @param saved victims that an earlier run of the service saw
 */
export function victimsOf(
  rows: readonly FailureRow[],
  before: ReadonlyMap<string, number>,
  saved: ReadonlyMap<string, Victim> = new Map(),
): Map<string, Victim> {
  const all = new Map([...saved].map(([key, victim]) => [key, { ...victim, perSec: 0 }]));
  for (const [key, victim] of failedBy(rows)) {
    const known = saved.has(key) ? key : sameProcess(victim, saved);
    const earlier = saved.get(known ?? key)?.failed ?? 0;
    const failed = earlier + Math.max(0, victim.failed - (before.get(key) ?? 0));
    if (failed > 0) all.set(known ?? key, { ...victim, failed, perSec: tenths(victim.perSec) });
  }
  return all;
}

/** Its program may not be known yet, and with it the key of all its processes. */
function sameProcess({ process }: Victim, saved: ReadonlyMap<string, Victim>): string | null {
  const { pid, startTime } = process;
  if (pid === null || saved.size === 0) return null;
  const found = [...saved].find(([, one]) => one.process.pid === pid && one.process.startTime === startTime);
  return found?.[0] ?? null;
}

/** Those that a row shows. */
export function mostFailing(victims: ReadonlyMap<string, Victim>): Victim[] {
  return [...victims.values()].sort((a, b) => b.failed - a.failed).slice(0, MOST_SHOWN);
}
