/**
 * The token in the address (`#token=…`) becomes an HttpOnly cookie, then leaves the address bar and the history.
 * Fragments are never sent to a server, so it reaches no log.
 */
import { SESSION_PATH } from '../../src/protocol/names.js';

/** Resolves once the cookie is set or was refused; a refusal shows when the page connects, with what to do. */
export async function signIn(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return;
  history.replaceState(null, '', `${location.pathname}${location.search}`);
  const headers = { authorization: `Bearer ${token}` };
  await fetch(new URL(`.${SESSION_PATH}`, document.baseURI), { method: 'POST', headers }).catch(() => null);
}
