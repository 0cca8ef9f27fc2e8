/** Loops that want a processor each, all the time: what a machine at load 20 is. */
import { start } from '../support/process.js';
import type { Scope } from '../support/scope.js';

export const FOREVER = 'while :; do :; done';

/** In a session of their own, as those of somebody else: the scheduler shares processors between sessions first (sched(7), autogroup). */
export const LOOPS = `trap 'trap - TERM; kill 0' TERM
for i in $(seq "$0"); do setpriv --pdeathsig=KILL sh -c '${FOREVER}' & done
wait`;

/** With FAULTS_SESSION=same they share the session of the tests and so of the services. */
export async function busyLoops(scope: Scope, count: number): Promise<void> {
  if (process.env.FAULTS_SESSION !== 'same')
    return void (await start(scope, ['setsid', 'sh', '-c', LOOPS, String(count)]));
  for (let n = 0; n < count; n++) await start(scope, ['sh', '-c', FOREVER]);
}
