/** START HERE: takes the token out of the address, then draws the page and connects. */
import { render } from 'preact';
import { startHealth } from './state/health.js';
import { startLog } from './state/log.js';
import { start } from './state/model.js';
import { startCulprits } from './state/rows/culprits.js';
import { startIncidents } from './state/rows/incidents.js';
import { signIn } from './state/session.js';
import { startTimeline } from './state/timeline/timeline.js';
import { App } from './views/page/app.js';

/** What index.html shows is painted before the page is made, which takes longer. A hidden page is never painted. */
if (!document.hidden) await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
const root = document.getElementById('app');
/* What index.html shows until this has been fetched makes room. */
root?.replaceChildren();
if (root) render(<App />, root);
// A token may also come later, when this service asks for one anew.
addEventListener('hashchange', () => void signIn());
await signIn();
start();
startIncidents();
startCulprits();
startTimeline();
startLog();
startHealth();
