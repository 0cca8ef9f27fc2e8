/** A failure as the row that clients see. Pure. */
import type { FailureRow } from '../../protocol/rows.js';
import { errnoName } from '../model/cause.js';
import { directionName } from '../model/destination.js';
import type { Failure } from '../model/failure.js';

export function failureRow(failure: Failure, second: number, passed: number): FailureRow {
  const { namespace, owner, direction, destination, call, err, cause } = failure.kind;
  return {
    key: failure.key,
    netns: namespace.inode,
    netnsId: namespace.key,
    process: owner.info(),
    program: owner.programName(),
    direction: directionName(direction),
    destination: { address: destination.address, port: destination.port < 0 ? null : destination.port },
    call,
    errno: errnoName(err),
    cause,
    count: failure.count,
    perSec: failure.rates.perSecond(0, second, passed, owner.hasEnded),
    unanswered: failure.unanswered,
    unansweredPerSec: failure.unansweredRates?.perSecond(0, second, passed, owner.hasEnded) ?? 0,
    waitedMs: failure.waitedMs === null ? null : Math.round(failure.waitedMs),
    firstSeen: Math.round(failure.firstSeen),
    lastSeen: Math.round(failure.lastSeen),
    budget: cause.endsWith('exhausted') ? failure.budgetKey : null,
    lowerBound: failure.lowerBound,
    incident: null, // The diagnosis knows.
  };
}
