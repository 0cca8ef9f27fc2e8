/**
 * slow-connect: past half of the range the kernel has used up the ports of one parity and scans for the rest, so connect()
 * itself gets slow, long before it fails. An early warning. Pure.
 */
import { fullness } from '../../forecast/outlook.js';
import { budgetOf } from '../churn-severity.js';
import { reuseFix } from '../fixes.js';
import type { Actor, Candidate, Facts, Rule, Tables } from '../types.js';
import { percent, rate, where, who } from '../words.js';
import { candidate, isOut } from './candidate.js';

const HALF = 0.5;
const LEAST_PER_SEC = 5;
/** A small range is scanned in no time. */
const LEAST_PORTS = 4096;

export const slowConnect: Rule = (tables, facts) =>
  tables.actors
    .filter((actor) => isOut(actor) && actor.openPerSec >= LEAST_PER_SEC)
    .flatMap((actor) => scans(actor, tables, facts));

function scans(actor: Actor, tables: Tables, facts: Facts): Candidate[] {
  const budget = budgetOf(tables, actor);
  const share = budget === undefined ? null : fullness(budget);
  if (budget === undefined || share === null || share < HALF || (budget.limit ?? 0) < LEAST_PORTS) return [];
  if (budget.reuse === 'after-delay') return [];
  return [
    candidate(actor, {
      rule: 'slow-connect',
      priority: 55,
      weight: share,
      severity: 'warning',
      confidence: 'medium',
      confidenceReason: 'the fill is counted; connect times hold the network’s share too',
      title: `connect() of ${who(actor.process, actor.program)} to ${where(actor.destination)} gets slow: ${percent(share)} of the ports are held, so the kernel must search`,
      evidence: [
        { text: 'share of ports held', value: percent(share) },
        { text: 'half of the connects take less than, ms', value: actor.connectMs },
        { text: 'connections opened per second', value: rate(actor.openPerSec) },
      ],
      fixForGood: [reuseFix(actor.process, actor.destination, facts)],
    }),
  ];
}
