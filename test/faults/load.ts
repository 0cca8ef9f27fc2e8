/**
 * Loops beside a whole tier of faults or load, when it is asked for: FAULTS_LOOPS says how many. They are another session's, as somebody else's programs
 * are; with FAULTS_SESSION=same they share the session of the tests and so of the services (sched(7), autogroup).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { FOREVER, LOOPS } from './busy.js';

export default function beginLoad(): (() => void) | undefined {
  const { FAULTS_LOOPS = '0', FAULTS_SESSION } = process.env;
  if (FAULTS_LOOPS === '0') return undefined;
  const loops = FAULTS_SESSION === 'same' ? sameSession(Number(FAULTS_LOOPS)) : [otherSession(FAULTS_LOOPS)];
  return () => {
    for (const loop of loops) loop.kill();
  };
}

const otherSession = (count: string): ChildProcess =>
  spawn('setpriv', ['--pdeathsig=TERM', 'setsid', 'sh', '-c', LOOPS, count], { stdio: 'ignore' }); // They end with us.

const sameSession = (count: number): ChildProcess[] =>
  Array.from({ length: count }, () =>
    spawn('setpriv', ['--pdeathsig=KILL', 'sh', '-c', FOREVER], { stdio: 'ignore' }),
  );
