/** A WebSocket to a service, for streams. In: a target. Out: a socket that connects. Imported by those who stream alone. */
import { type ClientOptions, WebSocket } from 'ws';
import { streamUrl } from '../../client/connection.js';
import { authorization } from '../../client/http.js';
import { SUBPROTOCOL } from '../../protocol/names.js';
import type { Target } from './target.js';

/** @param maxPayload longest frame that is taken, bytes */
export function openSocket({ service, dial }: Target, maxPayload: number): WebSocket {
  /* Handed on to http.request() as it is, which takes a connection that comes later, too. */
  const createConnection = dial as unknown as NonNullable<ClientOptions['createConnection']> | undefined;
  return new WebSocket(streamUrl(service.url), [SUBPROTOCOL], {
    headers: authorization(service),
    maxPayload,
    perMessageDeflate: false,
    ...(createConnection && { createConnection }),
  });
}
