/** The same rows as an incident has them, for tests of the command line: numbers with thousands. */
import type {
  BudgetRow,
  ConnectionEvent,
  FailureRow,
  FlowRow,
  ProcessInfo,
  TotalsRow,
} from '../../../src/protocol/rows.js';
import * as rows from '../publish/rows.js';

const LAST_SEEN = 1_700_000_060_000;
const BUSY = { openPerSec: 450.4, closePerSec: 450.1, opened: 30_000, closed: 29_997 };

export const processInfo = (parts: Partial<ProcessInfo> = {}): ProcessInfo =>
  rows.proc({
    pid: 4242,
    parent: { pid: 1, comm: 'init' },
    comm: 'curl',
    name: parts.comm === undefined ? 'curl' : parts.comm,
    exe: '/usr/bin/curl',
    cmdline: 'curl http://10.0.0.9/',
    cgroup: '/system.slice/worker.service',
    unit: 'worker.service',
    ...parts,
  });

export const flow = (process: Partial<ProcessInfo> = {}, parts: rows.FlowParts = {}): FlowRow =>
  rows.flow(`flow-${process.pid ?? 4242}`, {
    ...BUSY,
    process: processInfo(process),
    program: 'curl (loop.sh)',
    established: 3,
    timeWait: 26_811,
    portsHeld: 26_814,
    closedFirst: 29_990,
    connectMs: { p50: 0.1, p99: 2 },
    lastSeen: LAST_SEEN,
    ...parts,
  });

export const totals = (parts: Partial<TotalsRow> = {}): TotalsRow =>
  rows.totals('1', {
    ...BUSY,
    timeWait: 26_840,
    timeWaitAttributed: 26_811,
    coverage: 0.999,
    auditAgeMs: 800,
    states: { established: 3, 'time-wait': 26_840 },
    tcpMaxTwBuckets: 65_536,
    eventsSeen: 90_000,
    ...parts,
  });

export const budget = (parts: Partial<BudgetRow> = {}): BudgetRow =>
  rows.budget('b1', {
    used: 20_044,
    free: 8188,
    timeWait: 20_000,
    established: 44,
    openPerSec: 450,
    exhaustionSeconds: 130,
    releasing: [
      [10, 300],
      [15, 400],
    ],
    holders: [{ process: processInfo({ comm: 'worker', pid: 77 }), ports: 20_001 }],
    ...parts,
  });

export const failure = (parts: Partial<FailureRow> = {}): FailureRow =>
  rows.failure('x1', {
    process: processInfo({ comm: 'psql', pid: 55 }),
    count: 1200,
    perSec: 312,
    lastSeen: LAST_SEEN,
    budget: 'b1',
    ...parts,
  });

export const connectionEvent = (parts: Partial<ConnectionEvent> = {}): ConnectionEvent =>
  rows.event({
    time: 1_700_000_000_123,
    cookie: '77',
    process: processInfo(),
    closer: null,
    local: { address: '10.0.0.1', port: 40_000 },
    oldState: null,
    newState: null,
    durationMs: 12,
    connectMs: 0.3,
    bytesSent: 76,
    bytesReceived: 1234,
    ...parts,
  });
