/** A namespace as the row that clients see. Pure. */
import type { Lost, TotalsRow } from '../../protocol/rows.js';
import { RATE, secondOf } from '../measure/rates.js';
import type { Namespace } from '../model/namespace.js';
import { stateName } from '../model/socket-state.js';

/** Counts of events since the start, of the whole service. */
export interface EventCounts {
  seen: number;
  lost: Lost;
}

/** @param nowNs CLOCK_MONOTONIC, for the audit's age */
export function totalsRow(
  namespace: Namespace,
  name: string | null,
  counts: EventCounts,
  nowNs: number,
): TotalsRow {
  const { rates } = namespace;
  const now = secondOf(nowNs);
  return {
    key: namespace.key,
    netns: namespace.inode,
    netnsId: namespace.key,
    name,
    ...timeWaitOf(namespace, nowNs),
    openPerSec: rates.perSecond(RATE.OPEN, ...now),
    closePerSec: rates.perSecond(RATE.CLOSE, ...now),
    failPerSec: rates.perSecond(RATE.FAIL, ...now),
    opened: namespace.opened,
    closed: namespace.closed,
    failed: namespace.failed,
    ...settingsOf(namespace),
    timeWaitOverflow: namespace.timeWaitOverflow,
    recycled: namespace.recycled,
    recycledPerSec: namespace.recycles.perSecond(0, ...now),
    eventsSeen: counts.seen,
    eventsLost: counts.lost.ring,
    eventsMissed: counts.lost.recursion,
    lost: counts.lost,
    lowerBound: namespace.lowerBound,
  };
}

/** Before its first audit it is not known what the namespace holds. */
function timeWaitOf(namespace: Namespace, nowNs: number) {
  const { states, timeWait, timeWaitAttributed } = namespace;
  if (states === null) {
    return { timeWait: null, timeWaitAttributed: null, coverage: null, auditAgeMs: null, states: {} };
  }
  return {
    timeWait,
    timeWaitAttributed,
    coverage: timeWait === 0 ? 1 : timeWaitAttributed / timeWait,
    auditAgeMs: Math.max(0, Math.round((nowNs - namespace.auditedAt) / 1e6)),
    states: Object.fromEntries([...states].map(([state, count]) => [stateName(state) ?? 'bound', count])),
  };
}

function settingsOf({ sysctls, blockedPorts }: Namespace) {
  return {
    portRange: sysctls?.portRange ?? null,
    reservedPorts: sysctls?.reservedPorts ?? null,
    blockedPorts: sysctls === null ? null : blockedPorts,
    tcpTwReuse: sysctls?.tcpTwReuse ?? null,
    tcpTwReuseDelayMs: sysctls?.tcpTwReuseDelayMs ?? null,
    tcpTimestamps: sysctls?.tcpTimestamps ?? null,
    tcpFinTimeout: sysctls?.tcpFinTimeout ?? null,
    tcpMaxTwBuckets: sysctls?.tcpMaxTwBuckets ?? null,
  };
}
