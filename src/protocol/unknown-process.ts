/** The process of which nothing is known. No schema library here: pages import these values. */
import type { ProcessInfo } from './rows.js';

export const UNKNOWN_PROCESS: ProcessInfo = {
  pid: null,
  startTime: null,
  ppid: null,
  parent: { pid: null, comm: null },
  comm: null,
  exe: null,
  cmdline: null,
  uid: null,
  cgroup: null,
  unit: null,
  container: null,
  pod: null,
  exited: null,
  self: false,
};
