import { applyFixes } from '../e2e/stories/fixes/apply.js';
import { COMPILED } from '../e2e/stories/fixes/compiled.js';

applyFixes(COMPILED);
