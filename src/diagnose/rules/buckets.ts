/**
 * time-wait-overflow: tcp_max_tw_buckets is too small, so closes skip TIME_WAIT. No connection is refused, but the protection is
 * gone and every count of TIME_WAIT is too low. Pure.
 */
import type { TotalsRow } from '../../protocol/rows.js';
import { moreBuckets, reuseFix } from '../fixes.js';
import type { Actor, Candidate, Facts, Rule, Tables } from '../types.js';
import { integer, rate, tenths, where, who } from '../words.js';
import { candidate } from './candidate.js';

export const timeWaitOverflow: Rule = (tables, facts) =>
  tables.totals.flatMap((totals) => {
    const perSec = facts.overflowPerSec.get(totals.key) ?? 0;
    return perSec > 0 ? overflow(totals, perSec, tables, facts) : [];
  });

function overflow(totals: TotalsRow, perSec: number, tables: Tables, facts: Facts): Candidate[] {
  const actor = closerOf(totals, tables);
  if (actor === undefined) return [];
  return [
    candidate(
      { ...actor, key: totals.key },
      {
        rule: 'time-wait-overflow',
        priority: 15,
        weight: perSec,
        severity: 'warning',
        confidenceReason: 'the kernel’s own counter TCPTimeWaitOverflow grows',
        title: `The kernel keeps at most ${integer(totals.tcpMaxTwBuckets)} TIME_WAIT entries and drops ${rate(perSec)} more a second; ${who(actor.process, actor.program)} makes most of them, to ${where(actor.destination)}`,
        evidence: [
          { text: 'net.ipv4.tcp_max_tw_buckets', value: totals.tcpMaxTwBuckets },
          { text: 'TIME_WAIT entries now', value: totals.timeWait },
          { text: 'closes that skipped TIME_WAIT, per second', value: tenths(perSec) },
          { text: 'closes that skipped TIME_WAIT since boot', value: totals.timeWaitOverflow },
          {
            text: 'connections opened per second by this one',
            value: tenths(actor.openPerSec),
          },
        ],
        doNow: [moreBuckets(totals, actor.process)],
        fixForGood: [reuseFix(actor.process, actor.destination, facts)],
      },
    ),
  ];
}

/** Who begins most closes; the side that opens can be changed, so it is named when both are equal. */
function closerOf(totals: TotalsRow, tables: Tables): Actor | undefined {
  const first = (actor: Actor) =>
    actor.openPerSec * (actor.firstShare ?? 0) + (actor.direction === 'out' ? 0.1 : 0);
  const here = tables.actors.filter((actor) => actor.netnsId === totals.netnsId);
  return here.sort((a, b) => first(b) - first(a) || b.timeWait - a.timeWait)[0];
}
