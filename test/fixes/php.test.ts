import { applyFixes } from '../e2e/stories/fixes/apply.js';
import { PHP } from '../e2e/stories/fixes/php.js';

applyFixes(PHP);
