import { applyFixes } from '../e2e/stories/fixes/apply.js';
import { PROXIES } from '../e2e/stories/fixes/proxies.js';

applyFixes(PROXIES);
