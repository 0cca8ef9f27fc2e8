/** Prints the npm script that CI runs: `test:all` while what its additional tiers test has not passed yet, else `test`. */
import { reasonToTestAll } from './lib/all-passed.js';
import { say } from './lib/run.js';

const reason = reasonToTestAll();
if (reason !== null) say(`ci: all tiers, since ${reason}`);
console.log(reason === null ? 'test' : 'test:all');
