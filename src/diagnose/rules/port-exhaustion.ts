/**
 * port-exhaustion: a budget that is out of ports, will be, or is nearly full: who holds it, who suffers. Where connect() takes
 * TIME_WAIT ports over, a budget may be out of them for a part of each second: then the calls that fail say so. Its causes are shown
 * by other rules, which go first. Pure.
 */

import { failingNow, fullness, level, type Outlook, outlook } from '../../forecast/outlook.js';
import { isBlockedByUnknown, isMostlyBlocked } from '../../forecast/takers.js';
import { endpoint } from '../../protocol/format.js';
import { NOWHERE, UNKNOWN_PROCESS } from '../../protocol/names.js';
import type { BudgetRow, Culprit, Evidence, FailureRow, ProcessInfo } from '../../protocol/rows.js';
import { budgetEvidence, totalsOf } from '../churn-severity.js';
import { culpritsText, namedCulprits } from '../culprit-text.js';
import { findLine, lateBindFix, mayReuse, present, reuseFixes, turnReuseOn, widen } from '../fixes.js';
import { groupBy } from '../groups.js';
import { holderOf } from '../holder.js';
import { actorIndexOf } from '../incidents/actor-index.js';
import { culpritsOf } from '../incidents/people.js';
import { programKey } from '../program-key.js';
import type { Actor, Candidate, Facts, Rule, Tables } from '../types.js';
import { clock, integer, percent, rate, seconds, where, who } from '../words.js';
import { candidate, isKnown } from './candidate.js';

const VICTIMS_SHOWN = 3;
/** Budgets told of at once: each is a search through actors and failures, and no more findings are kept. */
const MOST = 100;
/** Share of the limit, TIME_WAIT entries that may be taken over included. */
const FULL = 0.9;
/** A failure this old is history, ms. */
const RECENT_MS = 30_000;

export const portExhaustion: Rule = (tables, facts) => {
  const failing = new Set(failingNow(tables.failures, tables.time).map(({ budget }) => budget));
  const fails = (budget: BudgetRow) => failing.has(budget.key) && (fullness(budget) ?? 0) >= FULL;
  const told = tables.budgets.filter((row) => row.limit !== null && (level(row) !== 'fine' || fails(row)));
  const worst =
    told.length <= MOST ? told : told.sort((a, b) => harm(b, fails(b)) - harm(a, fails(a))).slice(0, MOST);
  const victims = victimsOf(worst, tables);
  return worst.map((budget) => {
    const failures = victims.get(budget.key) ?? [];
    return exhaustion(budget, { failures, isFailing: fails(budget) }, tables, facts);
  });
};

/** Budgets in which calls fail go first, then the fullest. */
const harm = (budget: BudgetRow, isFailing: boolean) => (isFailing ? 2 : 0) + (fullness(budget) ?? 0);

interface Failing {
  /** Of late, those that failed most first. */
  readonly failures: readonly FailureRow[];
  /** Calls find no port in it now. */
  readonly isFailing: boolean;
}

function exhaustion(
  budget: BudgetRow,
  { failures, isFailing }: Failing,
  tables: Tables,
  facts: Facts,
): Candidate {
  const takers = actorIndexOf(tables).of(budget);
  const isBlocked = isMostlyBlocked(budget);
  const holds = holderOf(budget, takers) ?? { process: UNKNOWN_PROCESS, program: null };
  const asker = isBlocked || isKnown(holds) ? null : askerOf(budget, failures, takers);
  const holder = asker ?? holds;
  const next = outlook(budget);
  /* It is about the budget: who holds it may be an actor toward one of its destinations. */
  const about = {
    ...holder,
    key: budget.key,
    destination: placeOf(budget),
    netns: budget.netns,
    netnsId: budget.netnsId,
  };
  const totals = totalsOf(tables, budget.netnsId);
  const isPool = budget.kind === 'bind-pool';
  const binder = isPool || isBlocked ? binderOf(budget, holder.process, tables) : undefined;
  return candidate(about, {
    rule: 'port-exhaustion',
    priority: 40,
    weight: fullness(budget) ?? 0,
    severity: isFailing || level(budget) === 'critical' ? 'critical' : 'warning',
    appearAfter: isFailing || next.state === 'out' ? 1 : 3,
    confidence: failures.length > 0 || next.state !== 'running-out' ? 'high' : 'medium',
    confidenceReason:
      failures.length > 0
        ? 'calls fail, and the budget is full'
        : next.state === 'running-out'
          ? 'projected from the rate of the last seconds and the kernel’s own timers'
          : 'the ports that are held were counted',
    title: titleOf(
      budget,
      isFailing && next.state !== 'out' ? { state: 'at-times' } : next,
      asker === null
        ? holdingText(budget, holds, culpritsOf(budget, takers, facts.holdersOf))
        : `most were taken before the trace began, and ${who(asker.process, asker.program)} asks for more`,
      tables.time,
    ),
    evidence: [...budgetEvidence(budget), ...flowEvidence(budget, next), ...victimEvidence(failures)],
    doNow: present(
      !isPool && !isBlocked && mayReuse(budget) ? turnReuseOn(totals, holder.process) : null,
      widen(totals, holder.process, facts),
    ),
    fixForGood: [
      ...(binder === undefined ? [] : [lateBindFix(binder.process, binder.destination, facts)]),
      ...(isBlocked
        ? []
        : reuseFixes(holder.process, binder?.destination ?? about.destination, facts, tables)),
      {
        text: isPool
          ? 'Then headroom: another source address has a set of ports of its own.'
          : 'Then headroom: another source address, destination address or destination port has a set of ports of its own.',
        snippet: whatIf(budget),
        language: 'shell',
        headroom: 'addresses',
      },
    ],
    findLine: isBlocked ? [] : findLine(holder.process, binder?.destination ?? about.destination, facts),
  });
}

/** Of its namespace alone: another one may have the same addresses. Of these parts none can end the shell's quotes. */
function whatIf({ kind, destination, netns }: BudgetRow): string {
  const words = [
    ...(kind === 'bind-pool' ? [] : [`dst:${endpoint(destination)}`]),
    ...(netns === null ? [] : [`netns:${netns}`]),
  ];
  return `portchurn what-if ${words.length === 0 ? '' : `--filter '${words.join(' ')}' `}--sources 2`;
}

/** Who has most of the ports; two of about as many are both named. */
function holdingText(
  budget: BudgetRow,
  { process, program }: Pick<Actor, 'process' | 'program'>,
  culprits: readonly Culprit[],
): string {
  if (isBlockedByUnknown(budget)) return 'bind() of other programs blocks most of them';
  if (isMostlyBlocked(budget)) return `bind() of ${who(process, program)} blocks most of them`;
  const named = namedCulprits(culprits);
  if (named.length > 1) return `${culpritsText(named, culprits)} hold most of them`;
  return `${who(process, program)} holds most of them`;
}

/** Where that program binds most: there bind() is to leave the port open. Undefined: it is not known whose bind() it is. */
function binderOf(budget: BudgetRow, process: ProcessInfo, tables: Tables): Actor | undefined {
  const key = programKey(process, null);
  const [most] = actorIndexOf(tables)
    .in(budget.netnsId)
    .filter((actor) => actor.bound > 0 && programKey(actor.process, null) === key)
    .sort((a, b) => b.bound - a.bound);
  return most;
}

function placeOf(budget: BudgetRow) {
  return budget.kind === 'bind-pool' ? NOWHERE : budget.destination;
}

/** Who is named when the holder of the ports is not known: the actor that asks for more. */
function askerOf(
  budget: BudgetRow,
  failures: readonly FailureRow[],
  takers: readonly Actor[],
): Pick<Actor, 'process' | 'program'> | null {
  const failing = failures.find(({ process }) => process.name !== null);
  const { address, port } = budget.destination;
  const asking = takers.find(
    (actor) =>
      isKnown(actor) &&
      actor.openPerSec > 0 &&
      actor.destination.address === address &&
      actor.destination.port === port,
  );
  return asking ?? (failing === undefined ? null : { process: failing.process, program: null });
}

/** By the key of their budget. */
function victimsOf(budgets: readonly BudgetRow[], { failures, time }: Tables): Map<string, FailureRow[]> {
  const told = new Set<string | null>(budgets.map(({ key }) => key));
  const isOfLate = (row: FailureRow) => told.has(row.budget) && time - (row.lastSeen ?? 0) < RECENT_MS;
  const victims = groupBy(failures.filter(isOfLate), ({ budget }) => budget as string);
  for (const rows of victims.values()) rows.sort((a, b) => b.count - a.count);
  return victims;
}

/** `at-times`: out of ports for moments, between which some come back. */
type Trouble = Outlook | { state: 'at-times' };

function titleOf(budget: BudgetRow, next: Trouble, holding: string, time: number): string {
  const toward =
    budget.kind === 'bind-pool'
      ? `bind() on ${budget.source.address ?? 'any address'}`
      : where(budget.destination);
  const share = percent(fullness(budget) ?? 0);
  if (next.state === 'out') return `No local port is left for ${toward}; ${holding}`;
  if (next.state === 'at-times') return `Calls find no local port for ${toward} at times; ${holding}`;
  if (next.state !== 'running-out') return `${share} of the local ports for ${toward} are held; ${holding}`;
  const when = `${seconds(next.seconds)} (${clock(time + next.seconds * 1000)})`;
  return `At this rate the local ports for ${toward} run out in ${when}; ${holding}`;
}

function flowEvidence(budget: BudgetRow, next: Outlook): Evidence[] {
  const evidence: Evidence[] = [{ text: 'connections opened per second', value: budget.openPerSec }];
  if ((next.state === 'out' || next.state === 'draining') && next.backSeconds !== null)
    evidence.push({ text: 'seconds until ports come back', value: next.backSeconds });
  return evidence;
}

function victimEvidence(failures: readonly FailureRow[]): Evidence[] {
  return failures.slice(0, VICTIMS_SHOWN).map((row) => ({
    text: `calls of ${row.call}() by ${who(row.process, null)} that failed with ${row.errno}`,
    value: `${integer(row.count)}, now ${rate(row.perSec ?? 0)}/s`,
  }));
}
