/** START HERE: takes the token out of the address, then draws the page and connects. Loaded by index.html. */
import { render } from 'preact';
import { startHealth } from './health.js';
import { startLog } from './log.js';
import { start } from './model.js';
import { signIn } from './session.js';
import { startTimeline } from './timeline.js';
import { App } from './views/app.js';

const root = document.getElementById('app');
if (root) render(<App />, root);
// A token may also come later, when this service asks for one anew.
addEventListener('hashchange', () => void signIn());
await signIn();
start();
startTimeline();
startLog();
startHealth();
