/** A failure as the row that clients see. Pure. */
import { DIRECTION } from '../../decode/layout.js';
import type { Destination, FailureRow } from '../../protocol/rows.js';
import { errnoName } from '../model/cause.js';
import { directionName } from '../model/destination.js';
import type { Failure } from '../model/failure.js';
import type { Places } from '../peers/places.js';

export function failureRow(failure: Failure, second: number, passed: number, places: Places): FailureRow {
  const { namespace, owner, direction, call, err, cause } = failure.kind;
  return {
    key: failure.key,
    netns: namespace.inode,
    netnsId: namespace.key,
    process: owner.info(),
    program: owner.programName(),
    direction: directionName(direction),
    destination: destinationOf(failure, places),
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

/** Of bind() it is a place of this machine itself, and who refuses is nobody. */
function destinationOf({ kind }: Failure, places: Places): Destination {
  const place = places.of(kind);
  if (kind.call === 'connect' && kind.direction === DIRECTION.OUT)
    return kind.cause === 'refused' ? { ...place, peer: null } : place;
  return { ...place, name: null, peer: null };
}
