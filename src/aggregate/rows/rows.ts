/** Flows and namespaces as the rows clients see. Pure: everything a row says is in its arguments. */
import {
  type FailureRow,
  type FlowRow,
  type Quantiles,
  STATE_NAMES,
  type TotalsRow,
} from '../../protocol/rows.js';
import { errnoName } from '../model/cause.js';
import type { Failure } from '../model/failure.js';
import { directionName, type Flow, RATE } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';

const NO_QUANTILES: Quantiles = { p50: null, p99: null };

/** @param second of the events' clock, for rates */
export function flowRow(flow: Flow, second: number): FlowRow {
  const { rates, destination, owner } = flow;
  return {
    key: flow.key,
    netns: flow.namespace.inode,
    process: owner.info(),
    program: owner.programName(),
    direction: directionName(flow.direction),
    destination: { address: destination.address, port: destination.port < 0 ? null : destination.port },
    established: flow.established,
    timeWait: flow.namespace.states === null ? null : flow.timeWait,
    portsHeld: flow.namespace.states === null ? null : flow.portsHeld,
    openPerSec: rates.perSecond(RATE.OPEN, second),
    closePerSec: rates.perSecond(RATE.CLOSE, second),
    failPerSec: rates.perSecond(RATE.FAIL, second),
    opened: flow.opened,
    closed: flow.closed,
    failed: flow.failed,
    preexisting: flow.preexisting,
    closedFirst: flow.closedFirst,
    bytesSent: flow.bytesSent,
    bytesReceived: flow.bytesReceived,
    lifetimeMs: flow.lifetimes?.quantiles(second) ?? NO_QUANTILES,
    connectMs: flow.connects?.quantiles(second) ?? NO_QUANTILES,
    firstSeen: Math.round(flow.firstSeen),
    lastSeen: Math.round(flow.lastSeen),
    lowerBound: flow.lowerBound,
  };
}

/** @param missed events were lost, of which nobody knows what they said */
export function failureRow(failure: Failure, second: number, missed: boolean): FailureRow {
  const { namespace, owner, direction, destination, call, err, cause } = failure.kind;
  return {
    key: failure.key,
    netns: namespace.inode,
    process: owner.info(),
    program: owner.programName(),
    direction: directionName(direction),
    destination: { address: destination.address, port: destination.port < 0 ? null : destination.port },
    call,
    errno: errnoName(err),
    cause,
    count: failure.count,
    perSec: failure.rates.perSecond(0, second),
    firstSeen: Math.round(failure.firstSeen),
    lastSeen: Math.round(failure.lastSeen),
    budget: cause.endsWith('exhausted') ? failure.budgetKey : null,
    lowerBound: failure.lowerBound || missed,
  };
}

/** Counts of events since the start, of the whole service. */
export interface EventCounts {
  seen: number;
  lost: number;
  missed: number;
}

/** @param nowNs CLOCK_MONOTONIC, for the audit's age */
export function totalsRow(
  namespace: Namespace,
  name: string | null,
  counts: EventCounts,
  nowNs: number,
): TotalsRow {
  const { rates } = namespace;
  const second = Math.floor(nowNs / 1e9);
  return {
    key: namespace.key,
    netns: namespace.inode,
    name,
    ...timeWaitOf(namespace, nowNs),
    openPerSec: rates.perSecond(RATE.OPEN, second),
    closePerSec: rates.perSecond(RATE.CLOSE, second),
    failPerSec: rates.perSecond(RATE.FAIL, second),
    opened: namespace.opened,
    closed: namespace.closed,
    failed: namespace.failed,
    ...settingsOf(namespace),
    timeWaitOverflow: namespace.timeWaitOverflow,
    eventsSeen: counts.seen,
    eventsLost: counts.lost,
    eventsMissed: counts.missed,
    lowerBound: counts.missed > 0,
  };
}

/** Before its first audit nobody knows what the namespace holds. */
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

/** Name of a kernel state number, 1 to 11. */
export function stateName(state: number): string | null {
  return STATE_NAMES[state - 1] ?? null;
}
