/**
 * tcp-tw-reuse: whether the setting could help a budget that fills, and if not, why. Always `info`: it is an answer to a
 * question that comes up, the finding about the budget is another. Pure.
 */
import { level } from '../../forecast/outlook.js';
import type { BudgetRow, TotalsRow } from '../../protocol/rows.js';
import { totalsOf } from '../churn-severity.js';
import { present, turnReuseOn } from '../fixes.js';
import { actorIndexOf } from '../incidents/actor-index.js';
import { heldBy } from '../remedies/holding.js';
import type { Candidate, Rule, Tables } from '../types.js';
import { integer, where } from '../words.js';
import { candidate } from './candidate.js';

export const twReuse: Rule = (tables) =>
  tables.budgets
    .filter((row) => row.kind === 'tuple' && level(row) !== 'fine' && row.holders.length > 0)
    .slice(0, MOST)
    .flatMap((row) => answer(row, tables));

/** No more findings are kept. */
const MOST = 100;

function answer(budget: BudgetRow, tables: Tables): Candidate[] {
  const totals = totalsOf(tables, budget.netnsId);
  if (totals === undefined || totals.tcpTwReuse === null) return [];
  const [holder] = budget.holders;
  if (holder === undefined) return [];
  const { process } = holder;
  const words = verdictOn(budget, totals, heldBy(budget, actorIndexOf(tables).of(budget)).most === 'bind');
  const about = {
    key: budget.key,
    process,
    program: null,
    destination: budget.destination,
    netns: budget.netns,
    netnsId: budget.netnsId,
  };
  return [
    candidate(about, {
      rule: 'tcp-tw-reuse',
      priority: 80,
      severity: 'info',
      confidenceReason:
        'the settings were read from the kernel; whether the peer sends timestamps was not seen',
      confidence: words.helps ? 'medium' : 'high',
      title: `tcp_tw_reuse ${words.text} for ${where(budget.destination)}`,
      evidence: [
        { text: 'net.ipv4.tcp_tw_reuse', value: totals.tcpTwReuse },
        { text: 'net.ipv4.tcp_timestamps', value: totals.tcpTimestamps },
        { text: 'ports in TIME_WAIT', value: budget.timeWait },
        { text: 'ports that bind() blocks', value: budget.blocked },
      ],
      doNow: words.helps ? present(turnReuseOn(totals, process)) : [],
    }),
  ];
}

function verdictOn(budget: BudgetRow, totals: TotalsRow, isBound: boolean): { helps: boolean; text: string } {
  if (isBound) return { helps: false, text: 'cannot help: bind() chose most of the ports' };
  const waiting = budget.timeWait ?? 0;
  if (waiting < (budget.used ?? 0) / 2)
    return { helps: false, text: `cannot help: only ${integer(waiting)} of the ports held are in TIME_WAIT` };
  if (totals.tcpTimestamps === 0) return { helps: false, text: 'cannot help while tcp_timestamps is 0' };
  if (budget.reuse === 'after-delay')
    return { helps: false, text: 'helps already: only the last second counts' };
  const now = totals.tcpTwReuse === 2 ? ' (2, the default, means loopback addresses only)' : '';
  return { helps: true, text: `set to 1 could help${now}` };
}
