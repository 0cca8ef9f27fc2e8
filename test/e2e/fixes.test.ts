/** What findings print works when it is pasted: what needs no package of its own; test/fixes has the other programs. */
import { applyFixes } from './stories/fixes/apply.js';
import { NGINX } from './stories/fixes/proxies.js';
import { PLAIN } from './stories/fixes/scripts.js';

applyFixes({ ...NGINX, ...PLAIN });
