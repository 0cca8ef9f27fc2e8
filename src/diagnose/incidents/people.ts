/**
 * Who is in an incident: the culprits, who made what holds the ports now; and the victims, whose calls fail. In: actors and failure
 * rows. Out: parts of the incident's row. Pure.
 */
import { isBlockedByUnknown, isMostlyBlocked, takersOf } from '../../forecast/takers.js';
import type { BudgetRow, Culprit, FailureRow, ProcessInfo, Victim } from '../../protocol/rows.js';
import { isKnown } from '../culprit-text.js';
import { areOfSeveral, heldOf } from '../holder.js';
import { programKey } from '../program-key.js';
import { type Runtime, runtimeOf } from '../runtime.js';
import type { Actor, BudgetHolder, Facts } from '../types.js';
import { tenths } from '../words.js';

const MOST_SHOWN = 5;
/** Less than this is no culprit. */
const LEAST_SHARE = 0.05;

interface Held {
  readonly process: ProcessInfo;
  readonly program: string | null;
  ports: number;
}

/**
 * @param actors that take ports of it. @returns the most ports first. A filter may hide who holds most: the budget's own holders
 * are counted with those that are seen.
 */
export function culpritsOf(
  budget: BudgetRow,
  actors: readonly Actor[],
  holdersOf: Facts['holdersOf'] = () => null,
): Culprit[] {
  if (isMostlyBlocked(budget)) return blockersOf(budget);
  const own = areOfSeveral(actors, budget) ? holdersOf(budget.key) : null;
  const seen = own === null ? heldByActors(budget, actors) : heldByOwn(own, actors);
  const isHidden = seen.every(({ ports }) => ports < (budget.holders[0]?.ports ?? 0));
  const all = isHidden
    ? budget.holders.map(({ process, ports }) => ({ process, program: null, ports }))
    : seen;
  /* Those toward one place may be of several source addresses. */
  const held = Math.max(
    budget.used ?? 0,
    all.reduce((sum, { ports }) => sum + ports, 0),
  );
  return all
    .map((one) => ({ ...one, share: budget.used ? one.ports / held : null }))
    .filter(({ ports, share }) => ports > 0 && (share ?? 1) >= LEAST_SHARE)
    .sort((a, b) => b.ports - a.ports)
    .slice(0, MOST_SHOWN);
}

/** Those whose bind() has taken the ports, beside those that hold some there; nobody, where it is not known whose most are. */
function blockersOf(budget: BudgetRow): Culprit[] {
  if (isBlockedByUnknown(budget)) return [];
  const all = (budget.used ?? 0) + (budget.blocked ?? 0);
  return takersOf(budget)
    .map(({ process, ports }) => ({ process, program: null, ports, share: ports / all }))
    .filter(({ share }) => share >= LEAST_SHARE)
    .slice(0, MOST_SHOWN);
}

function heldByActors(budget: BudgetRow, actors: readonly Actor[]): Held[] {
  const byProgram = new Map<string, Held>();
  for (const actor of actors) hold(byProgram, groupOf(actor), actor, heldOf(actor, budget));
  return [...byProgram.values()];
}

/** Named as the actors are, which stand for several processes. */
function heldByOwn(own: readonly BudgetHolder[], actors: readonly Actor[]): Held[] {
  const named = new Map(actors.map((actor) => [groupOf(actor), actor]));
  const byProgram = new Map<string, Held>();
  for (const one of own) {
    const { pid, startTime } = one.process;
    const group = groupOf({ ...one, key: `${pid} ${startTime}` });
    hold(byProgram, group, named.get(group) ?? one, one.ports);
  }
  return [...byProgram.values()];
}

type Named = Pick<Held, 'process' | 'program'>;

/** Of one program; one whose program is not known is one by itself. */
const groupOf = ({ process, program, key }: Named & { readonly key: string }): string =>
  program === null ? key : programKey(process, program);

function hold(byProgram: Map<string, Held>, group: string, { process, program }: Named, ports: number): void {
  const known = byProgram.get(group);
  if (known === undefined) byProgram.set(group, { process, program, ports });
  else known.ports += ports;
}

/** Whether the culprits of an earlier run say more than those of now, of whose ports nobody knows most. */
export function knowsMore(earlier: readonly Culprit[], now: readonly Culprit[]): boolean {
  const portsOf = (culprits: readonly Culprit[]) => culprits.reduce((sum, { ports }) => sum + ports, 0);
  const known = now.filter(isKnown);
  return earlier.some(isKnown) && portsOf(known) < portsOf(now) - portsOf(known);
}

interface Failing extends Victim {
  /** Several processes. */
  isCrowd: boolean;
  /** Of the one that is named. */
  most: number;
}

/** Of one program; a process whose program is not known is one by itself, whatever its rows. */
function victimGroup({ process, program, key }: FailureRow): string {
  if (program !== null) return programKey(process, program);
  return process.pid === null ? key : `${process.pid} ${process.startTime}`;
}

/** Failed calls by who made them, processes of one program together. */
export function failedBy(rows: readonly FailureRow[]): Map<string, Victim> {
  const byProgram = new Map<string, Failing>();
  const strangers: FailureRow[] = [];
  for (const row of rows)
    if (row.program === null) strangers.push(row);
    else add(byProgram, victimGroup(row), row);
  const kin = strangers.length === 0 ? null : kinOf(byProgram);
  for (const row of strangers)
    add(byProgram, kin?.get(mayRunAny(row.process) ? '' : looksOf(row.process)) ?? victimGroup(row), row);
  return new Map([...byProgram].map(([key, one]) => [key, victimOf(one)]));
}

/**
 * Groups by what a process of theirs looks like: one that has just begun has no program yet, and is no victim beside its program. Not
 * where several programs look alike.
 */
function kinOf(byProgram: ReadonlyMap<string, Failing>): Map<string, string> {
  const kin = new Map<string, string>();
  const several = new Set<string>();
  for (const [key, { process }] of byProgram) {
    const looks = looksOf(process);
    if (kin.has(looks)) several.add(looks);
    kin.set(looks, key);
  }
  for (const looks of ['', ...several]) kin.delete(looks);
  return kin;
}

/** Its file and what it calls itself; empty: not known, or it is a script, which has its interpreter's file. */
const looksOf = ({ script, exe, comm }: ProcessInfo): string =>
  script !== null || exe === null ? '' : `${exe} ${comm}`;

const INTERPRETERS: ReadonlySet<Runtime> = new Set(['node', 'python', 'ruby', 'php', 'java', 'dotnet']);

/** Its file does not say what it runs. */
const mayRunAny = (process: ProcessInfo) => INTERPRETERS.has(runtimeOf(process, null));

function add(byProgram: Map<string, Failing>, group: string, row: FailureRow): void {
  const { process, program, count: failed } = row;
  const perSec = row.perSec ?? 0;
  const known = byProgram.get(group);
  if (known === undefined)
    byProgram.set(group, { process, program, failed, perSec, isCrowd: false, most: failed });
  else join(known, row, perSec);
}

function join(known: Failing, { process, program, count }: FailureRow, perSec: number): void {
  const { pid, startTime } = known.process;
  if (process.pid !== pid || process.startTime !== startTime) known.isCrowd = true;
  const isNamed = program !== null || known.program === null;
  if (count > known.most && isNamed) Object.assign(known, { process, program, most: count });
  known.failed += count;
  known.perSec += perSec;
}

function victimOf({ process, program, failed, perSec, isCrowd }: Failing): Victim {
  const who = isCrowd ? { ...process, pid: null, startTime: null, cmdline: null } : process;
  return { process: who, program, failed, perSec };
}

/** @param rows with the counts of the incident. @param saved victims that an earlier run of the service saw */
export function victimsOf(
  rows: readonly FailureRow[],
  saved: ReadonlyMap<string, Victim>,
): Map<string, Victim> {
  const all = new Map([...saved].map(([key, victim]) => [key, { ...victim, perSec: 0 }]));
  const now = failedBy(rows);
  const left = new Map([...saved].filter(([key]) => !now.has(key)));
  for (const [key, victim] of now) {
    const known = saved.has(key) ? key : (sameProcess(victim, left) ?? sameLooks(victim, left) ?? key);
    left.delete(known);
    const earlier = saved.get(known)?.failed ?? 0;
    all.set(known, { ...victim, failed: earlier + victim.failed, perSec: tenths(victim.perSec) });
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

/** Its parent may have ended, and with that it is another program. Of processes that have pids, one is not the other. */
function sameLooks({ process }: Victim, saved: ReadonlyMap<string, Victim>): string | null {
  const isLike = ({ process: one }: Victim) =>
    (one.pid === null || process.pid === null) &&
    ALIKE.every((field) => one[field] === process[field]) &&
    one.name !== null;
  return [...saved].find(([, one]) => isLike(one))?.[0] ?? null;
}

const ALIKE = ['name', 'exe', 'script', 'unit', 'cgroup'] as const;

/** Those that a row shows. */
export function mostFailing(victims: ReadonlyMap<string, Victim>): Victim[] {
  return [...victims.values()].sort((a, b) => b.failed - a.failed).slice(0, MOST_SHOWN);
}
