import { applyFixes } from '../e2e/stories/fixes/apply.js';
import { WITH_LIBRARIES } from '../e2e/stories/fixes/scripts.js';

applyFixes(WITH_LIBRARIES);
