/**
 * What is misconfigured is found: one scenario of each kind of program, all fourteen are in test/load/diagnose.test.ts. Those
 * findings also resolve that need no TIME_WAIT entry to end, which takes a minute.
 */
import { tellScenarios } from './stories/diagnose.js';

const SOON = [
  'node without keep-alive, toward a server that closes: no port is held',
  'a service that leaks CLOSE_WAIT',
  'a narrowed range, where the default would do',
];
const FOUND = [
  'nginx without keep-alive, toward a server that waits',
  'python with a client per request',
  'a shell loop of curl',
];

tellScenarios([...SOON, ...FOUND], SOON);
