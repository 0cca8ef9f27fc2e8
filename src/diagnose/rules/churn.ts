/**
 * connection-churn and pool-bypassed: connections that live for one request. Who closes first decides only who pays: our
 * ports are held 60 s when we do, none when the server does. Pure.
 */
import { isOut as isOutOfPorts, level } from '../../forecast/outlook.js';
import type { BudgetRow, Evidence } from '../../protocol/rows.js';
import {
  budgetEvidence,
  budgetOf,
  demandOf,
  MAIN_HOLDER,
  severityOfChurn,
  totalsOf,
} from '../churn-severity.js';
import { findLine, mayReuse, present, reuseFixes, turnReuseOn, widen } from '../fixes.js';
import type { Actor, Candidate, Facts, Rule, Tables } from '../types.js';
import { integer, percent, rate, tenths, where, who } from '../words.js';
import { candidate, isOut } from './candidate.js';

/** Fewer opens per second are not churn. */
const CHURN_PER_SEC = 5;
const CHURN_OPENED = 20;
/** Seconds with opens, of the last ten: a burst is no habit. */
const CHURN_SECONDS = 3;
/** A request takes less than this, ms. */
const REQUEST_MS = 3000;
/** Connections that stay, per process, that make a pool; one may be anything. */
const POOL = 2;
/** Streams shown at once, the fastest. */
const MOST = 50;

/** Many opens, short lives. */
export function churns(actor: Actor, demandPerSec: number): boolean {
  if (!isOut(actor) || demandPerSec < CHURN_PER_SEC || actor.opened < CHURN_OPENED) return false;
  /* Without a free port there may be seconds without an open. */
  if (actor.busySeconds < CHURN_SECONDS && demandPerSec <= actor.openPerSec) return false;
  const passing = Math.max(0, actor.established - actor.steady);
  return actor.lifetimeMs === null ? passing < 2 * demandPerSec : actor.lifetimeMs < REQUEST_MS;
}

export const connectionChurn: Rule = (tables, facts) =>
  busiest(tables, (actor) => actor.steady === 0).map((one) => churn(one, tables, facts));

export const poolBypassed: Rule = (tables, facts) =>
  busiest(tables, (actor) => actor.steady > 0).map((one) => bypass(one, tables, facts));

interface Churning {
  readonly actor: Actor;
  readonly demand: number;
  /** It opens next to nothing now, since its entries hold the ports. */
  readonly isStuck: boolean;
}

function busiest(tables: Tables, wanted: (actor: Actor) => boolean): Churning[] {
  const churning: Churning[] = [];
  for (const actor of tables.actors) {
    if (!wanted(actor)) continue;
    const demand = demandOf(tables, actor);
    const isChurning = churns(actor, demand);
    if (isChurning || isStuck(actor, budgetOf(tables, actor)))
      churning.push({ actor, demand, isStuck: !isChurning });
  }
  return churning.sort((a, b) => b.demand - a.demand).slice(0, MOST);
}

/** Nothing opens, because no port is left; and no port is left, because its short connections have left their entries. */
function isStuck(actor: Actor, budget: BudgetRow | undefined): boolean {
  if (!isOut(actor) || budget === undefined || !isOutOfPorts(budget)) return false;
  const isShort = actor.lifetimeMs === null || actor.lifetimeMs < REQUEST_MS;
  return isShort && actor.opened >= CHURN_OPENED && actor.timeWait >= MAIN_HOLDER * (budget.used ?? 0);
}

function churn({ actor, demand, isStuck }: Churning, tables: Tables, facts: Facts): Candidate {
  const budget = budgetOf(tables, actor);
  const name = who(actor.process, actor.program);
  return candidate(actor, {
    rule: 'connection-churn',
    priority: 30,
    weight: demand,
    onlyGoesOn: isStuck,
    severity: severityOfChurn(tables, actor, budget),
    confidence: actor.lifetimeMs === null ? 'medium' : 'high',
    confidenceReason:
      actor.lifetimeMs === null
        ? 'opens were counted in the kernel, but none has ended lately, so no lifetime is known'
        : 'every open and close was counted in the kernel, lifetimes were measured',
    title: `${name} ${isStuck ? stuckWords(actor, budget) : speedWords(actor, demand) + paysWords(actor)}`,
    evidence: churnEvidence(actor, budget),
    ...remedies(actor, budget, tables, facts),
  });
}

function bypass({ actor, demand, isStuck }: Churning, tables: Tables, facts: Facts): Candidate {
  const budget = budgetOf(tables, actor);
  const name = who(actor.process, actor.program);
  const sure = actor.steady >= POOL && actor.processes === 1;
  return candidate(actor, {
    rule: 'pool-bypassed',
    priority: 25,
    weight: demand,
    onlyGoesOn: isStuck,
    severity: severityOfChurn(tables, actor, budget),
    confidence: sure ? 'high' : 'medium',
    confidenceReason: sure
      ? 'the same process keeps connections to this destination and opens others beside them'
      : 'what stays open may be something else than a pool, or belong to another process of the program',
    title: `${name} ${keepsWords(actor)} ${isStuck ? `and opened others until no port was left; ${entriesWords(actor, budget)}` : besideWords(actor)}`,
    evidence: [{ text: 'connections that stay open', value: actor.steady }, ...churnEvidence(actor, budget)],
    ...remedies(actor, budget, tables, facts, bypassHint(actor)),
  });
}

const keepsWords = ({ steady, destination }: Actor) =>
  `keeps ${integer(steady)} ${steady === 1 ? 'connection' : 'connections'} to ${where(destination)} open`;

const besideWords = ({ openPerSec }: Actor) =>
  `and opens ${rate(openPerSec)}/s beside them: some code does not use the pool`;

function bypassHint(actor: Actor): string {
  return `Find the code that does not use the pool (a client made per request, a health check, a job, a second library): each makes a connection to ${where(actor.destination)}. `;
}

function stuckWords(actor: Actor, budget: BudgetRow | undefined): string {
  return `opened connections to ${where(actor.destination)} until no port was left; ${entriesWords(actor, budget)}`;
}

/** After the range was made narrower there may be more of them than ports. */
function entriesWords({ timeWait }: Actor, budget: BudgetRow | undefined): string {
  const limit = budget?.limit ?? null;
  return limit !== null && timeWait > limit
    ? `its TIME_WAIT entries hold ${integer(timeWait)} ports, some of them outside of the range of ${integer(limit)}`
    : `its TIME_WAIT entries hold ${integer(timeWait)} of the ${integer(limit)} ports`;
}

/** Where ports are out few opens are left: what was asked for says how fast it churns. */
function speedWords({ openPerSec, destination }: Actor, asked: number): string {
  const [opens, asks] = [rate(openPerSec), rate(asked)];
  const toward = `connections/s to ${where(destination)}`;
  return opens === asks
    ? `opens ${opens} ${toward}`
    : `tries ${asks} ${toward}, and ${opens} of them find a port`;
}

function paysWords({ firstShare }: Actor): string {
  if (firstShare === null) return '; none has closed yet';
  if (firstShare < 0.1) return '; the server closes them or a reset ends them, so no local port is held';
  return firstShare > 0.9
    ? '; it closes them itself, and each holds a port for 60 s'
    : `; it closes ${percent(firstShare)} of them itself, and each of these holds a port for 60 s`;
}

function churnEvidence(actor: Actor, budget: BudgetRow | undefined): Evidence[] {
  const evidence: Evidence[] = [
    { text: 'connections opened per second', value: tenths(actor.openPerSec) },
    { text: 'connections opened so far', value: actor.opened },
    { text: 'established now', value: actor.established },
    { text: 'half of them live less than, ms', value: actor.lifetimeMs },
    { text: 'closed by this side', value: actor.firstShare === null ? null : percent(actor.firstShare) },
  ];
  if (actor.processes > 1) evidence.push({ text: 'processes seen', value: actor.processes });
  if (budget !== undefined) evidence.push(...budgetEvidence(budget));
  if (budget?.reuse === 'after-delay' && (actor.firstShare ?? 0) >= 0.1)
    evidence.push({ text: 'tcp_tw_reuse lets connect() take these ports over', value: 'after about 1 s' });
  return evidence;
}

/** The application first; headroom only where ports are short. */
function remedies(actor: Actor, budget: BudgetRow | undefined, tables: Tables, facts: Facts, hint = '') {
  const [fix, ...more] = reuseFixes(actor.process, actor.destination, facts, tables);
  const tight = budget !== undefined && level(budget) !== 'fine';
  const totals = totalsOf(tables, actor.netnsId);
  return {
    doNow: tight
      ? present(
          mayReuse(budget) ? turnReuseOn(totals, actor.process) : null,
          widen(totals, actor.process, facts),
        )
      : [],
    fixForGood: [{ ...fix, text: hint + fix.text }, ...more],
    findLine: findLine(actor.process, actor.destination, facts),
  };
}
