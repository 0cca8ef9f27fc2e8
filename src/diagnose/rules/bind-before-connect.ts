/**
 * bind-before-connect: bind() chose the port, so that it is lost to every plain connect() of the namespace, whatever the
 * destination, and for the 60 s of its TIME_WAIT too. Pure.
 */
import { level, wantsPorts } from '../../forecast/outlook.js';
import type { BudgetRow, FailureRow, Severity } from '../../protocol/rows.js';
import { totalsOf } from '../churn-severity.js';
import { findLine, lateBindFix, present, reuseFix, widen } from '../fixes.js';
import type { Actor, Candidate, Facts, Rule, Tables } from '../types.js';
import { integer, percent, tenths, where, who } from '../words.js';
import { candidate, isOut } from './candidate.js';

const FEW = 10;
/** Share of the ports of the namespace that is worth acting on. */
const MUCH = 0.05;
const RECENT_MS = 30_000;

export const bindBeforeConnect: Rule = (tables, facts) =>
  tables.actors
    .filter((actor) => isOut(actor) && actor.bound >= FEW)
    .map((actor) => binds(actor, tables, facts));

function binds(actor: Actor, tables: Tables, facts: Facts): Candidate {
  const totals = totalsOf(tables, actor.netnsId);
  const pool = tables.budgets.find((row) => row.kind === 'bind-pool' && row.netnsId === actor.netnsId);
  const limit = pool?.limit ?? null;
  const share = limit === null ? null : actor.bound / Math.max(1, limit);
  const failed = tables.failures.filter((row) => isVictim(row, actor, tables.time));
  return candidate(actor, {
    rule: 'bind-before-connect',
    priority: 20,
    weight: actor.bound,
    severity: severityOf(share, pool, failed),
    confidenceReason: 'the kernel said of each socket that its port was chosen by bind()',
    title: `${who(actor.process, actor.program)} calls bind() before connect() to ${where(actor.destination)}: ${integer(actor.bound)} ports are lost to every destination of this namespace`,
    evidence: [
      { text: 'ports held that bind() chose, TIME_WAIT included', value: actor.bound },
      { text: 'ports there are', value: limit },
      { text: 'share of all ports of the namespace', value: share === null ? null : percent(share) },
      { text: 'connections opened per second', value: tenths(actor.openPerSec) },
      ...failed.map((row) => ({
        text: `failed ${row.call}() calls of ${who(row.process, null)} (${row.errno})`,
        value: row.count,
      })),
    ],
    doNow: present(share !== null && share >= MUCH ? widen(totals, actor.process, facts) : null),
    fixForGood: [
      lateBindFix(actor.process, actor.destination, facts),
      reuseFix(actor.process, actor.destination, facts, tables),
    ],
    findLine: findLine(actor.process, actor.destination, facts),
  });
}

function isVictim(row: FailureRow, actor: Actor, time: number): boolean {
  return row.netnsId === actor.netnsId && time - (row.lastSeen ?? 0) <= RECENT_MS && wantsPorts(row);
}

function severityOf(
  share: number | null,
  pool: BudgetRow | undefined,
  failed: readonly FailureRow[],
): Severity {
  if (share === null || share < MUCH) return 'info';
  if (failed.length > 0 || (pool !== undefined && level(pool) === 'critical')) return 'critical';
  return 'warning';
}
