/** A flow as the row that clients see. Pure: everything that a row says is in its arguments. */
import type { Destination, FlowRow, Quantiles } from '../../protocol/rows.js';
import { RATE } from '../measure/rates.js';
import { directionName } from '../model/destination.js';
import type { Flow } from '../model/flow.js';

const NO_QUANTILES: Quantiles = { p50: null, p99: null };

/** @param second of the events' clock, for rates */
export function flowRow(flow: Flow, second: number): FlowRow {
  const { rates, owner } = flow;
  return {
    key: flow.key,
    netns: flow.namespace.inode,
    netnsId: flow.namespace.key,
    process: owner.info(),
    program: owner.programName(),
    pids: flow.pids?.row ?? null,
    direction: directionName(flow.direction),
    destination: destinationOf(flow),
    established: flow.established,
    timeWait: flow.namespace.states === null ? null : flow.timeWait,
    portsHeld: flow.namespace.states === null ? null : flow.portsHeld,
    openPerSec: rates.perSecond(RATE.OPEN, second, 1, owner.hasEnded),
    closePerSec: rates.perSecond(RATE.CLOSE, second, 1, owner.hasEnded),
    failPerSec: rates.perSecond(RATE.FAIL, second, 1, owner.hasEnded),
    opened: flow.opened,
    closed: flow.closed,
    failed: flow.failed,
    preexisting: flow.preexisting,
    closedFirst: flow.closedFirst,
    slowConnects: flow.slowConnects,
    bytesSent: flow.bytesSent,
    bytesReceived: flow.bytesReceived,
    lifetimeMs: flow.lifetimes?.quantiles(second) ?? NO_QUANTILES,
    connectMs: flow.connects?.quantiles(second) ?? NO_QUANTILES,
    firstSeen: Math.round(flow.firstSeen),
    lastSeen: Math.round(flow.lastSeen),
    lowerBound: flow.lowerBound,
  };
}

function destinationOf({ destination, destinationName, service, peer }: Flow): Destination {
  const process = peer?.process ?? null;
  return {
    address: destination.address,
    port: destination.port < 0 ? null : destination.port,
    name: destinationName,
    service,
    peer: process && { process },
  };
}
