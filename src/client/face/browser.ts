/**
 * `portchurn/client` in a browser, whose WebSocket sends no header: the token is exchanged for the service's session cookie, which the
 * browser sends only to the site that the page is from.
 */
import { SESSION_PATH, SUBPROTOCOL } from '../../protocol/names.js';
import { streamUrl } from '../connection.js';
import { authorization } from '../http.js';
import { type Platform, PlatformClient } from './client.js';
import type { Client, ConnectOptions } from './types.js';

export { PortchurnError } from '../../protocol/errors.js';

const BROWSER: Platform = {
  open: (service) => new WebSocket(streamUrl(service.url), SUBPROTOCOL),
  sendsToken: false,
  authorize: async (service) => {
    if (service.token === null) return false;
    const url = new URL(`.${SESSION_PATH}`, service.url);
    const answer = await fetch(url, { method: 'POST', headers: authorization(service) }).catch(() => null);
    return answer?.status !== 401;
  },
};

/** Connects to the service at `url` and stays connected until close(). */
export const connect = (url: string, options: ConnectOptions = {}): Client =>
  new PlatformClient(BROWSER, url, options);
