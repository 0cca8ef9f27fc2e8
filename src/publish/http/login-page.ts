/**
 * The page that a browser gets with 401: it reads `#token=…` (a browser never sends the fragment by itself), or asks for the
 * token, exchanges it once for the session cookie and loads the requested page. In: nothing. Out: HTML, and the content
 * security policy that lets exactly this script run.
 */
import { createHash } from 'node:crypto';
import { SESSION_PATH } from '../../protocol/names.js';

const SCRIPT = `
const say = (text) => { document.getElementById('say').textContent = text; };
async function exchange(token) {
  const headers = { authorization: 'Bearer ' + token };
  const answer = await fetch('${SESSION_PATH}', { method: 'POST', headers }).catch(() => null);
  // Not reload(): that would repeat a visit from another site, to which a strict cookie is not sent.
  if (answer && answer.ok) location.replace(location.pathname + location.search);
  else say(answer && answer.status === 401 ? 'That token is not right.' : 'The service does not answer.');
}
const given = new URLSearchParams(location.hash.slice(1)).get('token');
history.replaceState(null, '', location.pathname + location.search);
if (given) exchange(given);
document.querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  exchange(document.getElementById('token').value.trim());
});
`;

export const LOGIN_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>portchurn: token needed</title>
<h1>portchurn</h1>
<form>
<p><label>Token <input id="token" type="password" autocomplete="current-password" autofocus></label> <button>Open</button></p>
<p id="say" role="status"></p>
</form>
<script>${SCRIPT}</script>
</html>
`;

const HASH = createHash('sha256').update(SCRIPT).digest('base64');
export const LOGIN_POLICY = `default-src 'none'; script-src 'sha256-${HASH}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
