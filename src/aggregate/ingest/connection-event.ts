/** One event as clients see it. An object per event: made only while there is a listener. */
import { addressText } from '../../decode/address.js';
import type { TcpEvent } from '../../decode/batch.js';
import { EVENT } from '../../decode/layout.js';
import {
  type Cause,
  type ConnectionEvent,
  END_NAMES,
  type Endpoint,
  type EventType,
} from '../../protocol/rows.js';
import { errnoName } from '../model/cause.js';
import { directionName } from '../model/destination.js';
import type { Owner } from '../model/owner.js';
import { stateName } from '../model/socket-state.js';

const TYPE_OF: Record<number, EventType> = {
  [EVENT.CONNECT]: 'connect',
  [EVENT.ESTABLISHED]: 'established',
  [EVENT.ACCEPTED]: 'accepted',
  [EVENT.FAILED]: 'failed',
  [EVENT.CLOSED]: 'closed',
  [EVENT.LISTEN]: 'listen',
  [EVENT.TRANSITION]: 'transition',
  [EVENT.BIND_FAILED]: 'failed',
};

/** Of bind(): port 0 asks for any. */
function wanted(event: TcpEvent): Endpoint {
  return { address: addressText(event.localBytes), port: event.localPort };
}

/** An end that the socket does not have yet is all zero. */
function endpoint(address: Uint8Array, port: number): Endpoint {
  const text = addressText(address);
  const isUnknown = port === 0 && (text === '::' || text === '0.0.0.0');
  return { address: isUnknown ? null : text, port: port === 0 ? null : port };
}

export function connectionEvent(
  event: TcpEvent,
  owner: Owner,
  closer: Owner | null,
  unixMs: number,
  cause: Cause | null,
): ConnectionEvent {
  const closed = event.type === EVENT.CLOSED;
  const timed = closed || event.type === EVENT.FAILED;
  return {
    time: Math.round(unixMs * 1000) / 1000,
    type: TYPE_OF[event.type] as EventType,
    cookie: event.cookie === 0n ? null : event.cookie.toString(),
    netns: event.netnsInum,
    netnsId: event.netnsCookie === 0n ? null : event.netnsCookie.toString(),
    process: owner.info(),
    closer: closer?.info() ?? null,
    local: event.type === EVENT.BIND_FAILED ? wanted(event) : endpoint(event.localBytes, event.localPort),
    remote: endpoint(event.remoteBytes, event.remotePort),
    direction: directionName(event.direction),
    errno: errnoName(event.err),
    cause,
    oldState: stateName(event.oldState),
    newState: stateName(event.newState),
    durationMs: timed && event.durationNs > 0 ? Math.round(event.durationNs / 1000) / 1000 : null,
    connectMs: event.connectUs > 0 ? event.connectUs / 1000 : null,
    bytesSent: closed ? event.bytesSent : null,
    bytesReceived: closed ? event.bytesReceived : null,
    end: END_NAMES[event.end - 1] ?? null,
  };
}
