/** Rows and events for tests of the command line: plausible, and different only where a test says so. */
import type {
  BudgetRow,
  ConnectionEvent,
  FailureRow,
  FlowRow,
  ProcessInfo,
  TotalsRow,
} from '../../src/protocol/rows.js';

export function processInfo(parts: Partial<ProcessInfo> = {}): ProcessInfo {
  return {
    pid: 4242,
    startTime: 1_700_000_000_000,
    ppid: 1,
    parent: { pid: 1, comm: 'init' },
    comm: 'curl',
    exe: '/usr/bin/curl',
    cmdline: 'curl http://10.0.0.9/',
    uid: 0,
    cgroup: '/system.slice/worker.service',
    unit: 'worker.service',
    container: null,
    pod: null,
    exited: false,
    self: false,
    ...parts,
  };
}

export function flow(process: Partial<ProcessInfo> = {}, parts: Partial<FlowRow> = {}): FlowRow {
  return {
    key: `flow-${process.pid ?? 4242}`,
    netns: 4026531840,
    process: processInfo(process),
    program: 'curl (bash loop.sh)',
    direction: 'out',
    destination: { address: '10.0.0.9', port: 80 },
    established: 3,
    timeWait: 26_811,
    portsHeld: 26_814,
    openPerSec: 450.4,
    closePerSec: 450.1,
    failPerSec: 0,
    opened: 30_000,
    closed: 29_997,
    failed: 0,
    preexisting: 0,
    closedFirst: 29_990,
    bytesSent: 1000,
    bytesReceived: 2000,
    lifetimeMs: { p50: 1.5, p99: 20 },
    connectMs: { p50: 0.1, p99: 2 },
    firstSeen: 1_700_000_000_000,
    lastSeen: 1_700_000_060_000,
    lowerBound: false,
    ...parts,
  };
}

export function totals(parts: Partial<TotalsRow> = {}): TotalsRow {
  return {
    key: '1',
    netns: 4026531840,
    name: 'host',
    timeWait: 26_840,
    timeWaitAttributed: 26_811,
    coverage: 0.999,
    auditAgeMs: 800,
    states: { established: 3, 'time-wait': 26_840 },
    openPerSec: 450.4,
    closePerSec: 450.1,
    failPerSec: 0,
    opened: 30_000,
    closed: 29_997,
    failed: 0,
    portRange: [32_768, 60_999],
    reservedPorts: 0,
    blockedPorts: 0,
    tcpTwReuse: 2,
    tcpTwReuseDelayMs: 1000,
    tcpTimestamps: 1,
    tcpFinTimeout: 60,
    tcpMaxTwBuckets: 65_536,
    timeWaitOverflow: 0,
    eventsSeen: 90_000,
    eventsLost: 0,
    eventsMissed: 0,
    lowerBound: false,
    ...parts,
  };
}

export function budget(parts: Partial<BudgetRow> = {}): BudgetRow {
  return {
    key: 'b1',
    kind: 'tuple',
    netns: 4026531840,
    source: { address: '10.0.0.1' },
    destination: { address: '10.0.0.9', port: 5432 },
    limit: 28_232,
    used: 20_044,
    blocked: 0,
    free: 8188,
    timeWait: 20_000,
    established: 44,
    other: 0,
    openPerSec: 450,
    reuse: 'never',
    exhaustionSeconds: 130,
    releasing: [
      [10, 300],
      [15, 400],
    ],
    holders: [{ process: processInfo({ comm: 'worker', pid: 77 }), ports: 20_001 }],
    ...parts,
  };
}

export function failure(parts: Partial<FailureRow> = {}): FailureRow {
  return {
    key: 'x1',
    netns: 4026531840,
    process: processInfo({ comm: 'psql', pid: 55 }),
    program: 'psql (bash)',
    direction: 'out',
    destination: { address: '10.0.0.9', port: 5432 },
    call: 'connect',
    errno: 'EADDRNOTAVAIL',
    cause: 'ports-exhausted',
    count: 1200,
    perSec: 312,
    firstSeen: 1_700_000_000_000,
    lastSeen: 1_700_000_060_000,
    budget: 'b1',
    lowerBound: false,
    ...parts,
  };
}

export function connectionEvent(parts: Partial<ConnectionEvent> = {}): ConnectionEvent {
  return {
    time: 1_700_000_000_123,
    type: 'closed',
    cookie: '77',
    netns: 4026531840,
    process: processInfo(),
    closer: null,
    local: { address: '10.0.0.1', port: 40_000 },
    remote: { address: '10.0.0.9', port: 80 },
    direction: 'out',
    errno: null,
    cause: null,
    oldState: null,
    newState: null,
    durationMs: 12,
    connectMs: 0.3,
    bytesSent: 76,
    bytesReceived: 1234,
    end: 'time-wait',
    ...parts,
  };
}
