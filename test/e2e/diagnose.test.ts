/**
 * What is misconfigured is found. Those findings also resolve that need no TIME_WAIT entry to end, which takes a minute: the
 * others do in test/load/diagnose.test.ts.
 */
import { tellScenarios } from './stories/diagnose.js';

tellScenarios([
  'node without keep-alive, toward a server that closes: no port is held',
  'a service that leaks CLOSE_WAIT',
  'a narrowed range, where the default would do',
]);
