/** `portchurn/client` in Node, which may not have a WebSocket of its own: the token goes with each handshake. */
import { WebSocket } from 'ws';
import { SUBPROTOCOL } from '../../protocol/names.js';
import { streamUrl } from '../connection.js';
import { authorization } from '../http.js';
import { type Platform, PlatformClient } from './client.js';
import type { Client, ConnectOptions } from './types.js';

export { PortchurnError } from '../../protocol/errors.js';

const NODE: Platform = {
  open: (service) =>
    new WebSocket(streamUrl(service.url), [SUBPROTOCOL], {
      headers: authorization(service),
      perMessageDeflate: false,
    }),
  sendsToken: true,
  authorize: async () => false,
};

/** Connects to the service at `url` and stays connected until close(). */
export const connect = (url: string, options: ConnectOptions = {}): Client =>
  new PlatformClient(NODE, url, options);
