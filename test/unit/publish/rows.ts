/**
 * Rows and events as the engine makes them, with only what a test cares about spelt out.
 */
import type {
  BudgetRow,
  ConnectionEvent,
  Destination,
  FailureRow,
  FindingRow,
  FlowRow,
  IncidentRemedy,
  IncidentRow,
  ProcessInfo,
  TotalsRow,
  VerdictRow,
} from '../../../src/protocol/rows.js';

/** A row's namespace is identified by its inode unless a test says otherwise. */
export const idOf = ({ netns = 4_026_531_840 }: { netns?: number | null }): string | null =>
  netns === null ? null : String(netns);

/** Called by its comm, where a test says no more. */
export function proc(parts: Partial<ProcessInfo> = {}): ProcessInfo {
  const { comm = 'ab' } = parts;
  return {
    pid: 100,
    name: comm,
    interpreter: null,
    script: null,
    startTime: 1_700_000_000_000,
    ppid: 1,
    parent: { pid: 1, comm: 'systemd' },
    comm: 'ab',
    exe: '/usr/bin/ab',
    cmdline: 'ab -n 20000 http://10.0.0.9/',
    uid: 0,
    cgroup: '/system.slice/load.service',
    unit: 'load.service',
    container: null,
    image: null,
    pod: null,
    workload: null,
    workloadGuessed: null,
    exited: false,
    self: false,
    ...parts,
  };
}

/** A flow's parts; of its destination too. */
export type FlowParts = Omit<Partial<FlowRow>, 'destination'> & { destination?: Partial<Destination> };

export function flow(key: string, { destination, ...parts }: FlowParts = {}): FlowRow {
  return {
    key,
    netns: 4_026_531_840,
    netnsId: idOf(parts),
    process: proc(),
    program: 'ab (bash load.sh)',
    pids: null,
    direction: 'out',
    destination: {
      address: '10.0.0.9',
      port: 80,
      name: null,
      service: null,
      peer: null,
      ...destination,
    },
    established: 1,
    timeWait: 2,
    portsHeld: 3,
    openPerSec: 0.5,
    closePerSec: 0.25,
    failPerSec: 0,
    opened: 10,
    closed: 9,
    failed: 0,
    preexisting: 0,
    closedFirst: 9,
    slowConnects: 0,
    bytesSent: 1000,
    bytesReceived: 2000,
    lifetimeMs: { p50: 1.5, p99: 20 },
    connectMs: { p50: 0.1, p99: 1 },
    firstSeen: 1_700_000_000_000,
    lastSeen: 1_700_000_001_000,
    lowerBound: false,
    ...parts,
  };
}

export function totals(key: string, parts: Partial<TotalsRow> = {}): TotalsRow {
  return {
    key,
    netns: 4_026_531_840,
    netnsId: idOf(parts),
    name: 'host',
    timeWait: 7,
    timeWaitAttributed: 7,
    coverage: 1,
    auditAgeMs: 500,
    states: { established: 3, 'time-wait': 7 },
    openPerSec: 1,
    closePerSec: 1,
    failPerSec: 0,
    opened: 10,
    closed: 9,
    failed: 0,
    portRange: [32_768, 60_999],
    reservedPorts: 0,
    blockedPorts: 0,
    tcpTwReuse: 2,
    tcpTwReuseDelayMs: 1000,
    tcpTimestamps: 1,
    tcpFinTimeout: 60,
    tcpMaxTwBuckets: 131_072,
    timeWaitOverflow: 0,
    recycled: 0,
    recycledPerSec: 0,
    eventsSeen: 100,
    eventsLost: 0,
    eventsMissed: 0,
    lost: { ring: 0, recursion: 0, storage: 0, total: 0 },
    lowerBound: false,
    ...parts,
  };
}

export function budget(key: string, parts: Partial<BudgetRow> = {}): BudgetRow {
  return {
    key,
    kind: 'tuple',
    netns: 4_026_531_840,
    netnsId: idOf(parts),
    incident: null,
    source: { address: '10.0.0.1' },
    destination: { address: '10.0.0.9', port: 5432 },
    limit: 28_232,
    used: 20_000,
    blocked: 0,
    free: 8232,
    timeWait: 19_990,
    established: 10,
    other: 0,
    bound: 0,
    openPerSec: 300,
    demandPerSec: 300,
    sustainablePerSec: 470.5,
    recycled: 0,
    recycledPerSec: 0,
    reuse: 'never',
    exhaustionSeconds: 27,
    releasing: [[10, 300]],
    holders: [{ process: proc({ pid: 77, comm: 'worker' }), ports: 20_000 }],
    blockers: null,
    ...parts,
  };
}

export function failure(key: string, parts: Partial<FailureRow> = {}): FailureRow {
  return {
    key,
    netns: 4_026_531_840,
    netnsId: idOf(parts),
    incident: null,
    process: proc({ pid: 55, comm: 'psql', exe: '/usr/bin/psql', cmdline: 'psql -h db' }),
    program: 'psql (bash)',
    direction: 'out',
    destination: { address: '10.0.0.9', port: 5432 },
    call: 'connect',
    errno: 'EADDRNOTAVAIL',
    cause: 'ports-exhausted',
    count: 12,
    perSec: 3,
    unanswered: 0,
    unansweredPerSec: 0,
    waitedMs: null,
    firstSeen: 1_700_000_000_000,
    lastSeen: 1_700_000_001_000,
    budget: null,
    lowerBound: false,
    ...parts,
  };
}

export function event(parts: Partial<ConnectionEvent> = {}): ConnectionEvent {
  return {
    time: 1_700_000_000_000,
    type: 'closed',
    cookie: '4711',
    netns: 4_026_531_840,
    netnsId: idOf(parts),
    process: proc(),
    closer: proc(),
    local: { address: '10.0.0.1', port: 40_001 },
    remote: { address: '10.0.0.9', port: 80 },
    direction: 'out',
    errno: null,
    cause: null,
    oldState: 'fin-wait-2',
    newState: 'close',
    durationMs: 3.5,
    connectMs: 0.2,
    bytesSent: 80,
    bytesReceived: 900,
    end: 'time-wait',
    ...parts,
  };
}

export function finding(key: string, parts: Partial<FindingRow> = {}): FindingRow {
  return {
    key,
    rank: 1,
    rule: 'connection-churn',
    severity: 'warning',
    confidence: 'high',
    confidenceReason: 'every open and close was counted in the kernel',
    title: 'ab (pid 100) opens 300 connections/s to 10.0.0.9:80',
    evidence: [
      { text: 'connections opened per second', value: 312.4 },
      { text: 'closed by this side', value: '100 %' },
    ],
    doNow: [
      {
        text: 'Widen the port range',
        command: 'sysctl -w net.ipv4.ip_local_port_range="1024 65535"',
        undo: 'sysctl -w net.ipv4.ip_local_port_range="32768 60999"',
        effect: 'At once, for new connections.',
        persistence: 'Until reboot',
        snippet: null,
        language: null,
      },
    ],
    fixForGood: [{ text: 'Ask for keep-alive', snippet: 'ab -k', language: 'shell' }],
    findLine: [],
    process: proc(),
    program: 'ab (bash load.sh)',
    destination: { address: '10.0.0.9', port: 80 },
    netns: 4_026_531_840,
    netnsId: idOf(parts),
    since: 1_700_000_000_000,
    resolved: null,
    incident: null,
    part: false,
    ...parts,
  };
}

export function remedy(role: IncidentRemedy['role'], parts: Partial<IncidentRemedy> = {}): IncidentRemedy {
  return {
    role,
    text: 'Do it',
    command: null,
    undo: null,
    effect: null,
    settlesAt: null,
    reason: null,
    snippet: null,
    language: null,
    ...parts,
  };
}

export function incident(key: string, parts: Partial<IncidentRow> = {}): IncidentRow {
  return {
    key,
    kind: 'ports',
    netns: 4_026_531_840,
    netnsId: idOf(parts),
    name: 'host',
    severity: 'critical',
    state: 'open',
    title: 'ab (pid 100) tries 92 connections/s to 10.0.0.9:80; 2,000 ports allow 33/s.',
    since: 1_700_000_000_000,
    until: null,
    budget: 'b',
    destination: { address: '10.0.0.9', port: 80 },
    demandPerSec: 92,
    sustainablePerSec: 33,
    exhaustionSeconds: 0,
    failPerSec: 59,
    failed: 1180,
    culprits: [{ process: proc(), program: 'ab (bash load.sh)', ports: 1900, share: 0.95 }],
    victims: [{ process: proc(), program: 'ab (bash load.sh)', failed: 1180, perSec: 59 }],
    findings: [],
    remedies: [],
    changes: [],
    lowerBound: false,
    ...parts,
  };
}

export function verdict(parts: Partial<VerdictRow> = {}): VerdictRow {
  return {
    key: 'verdict',
    level: 'ok',
    text: 'Ports are fine. Tightest budget: 12 % to 10.0.0.9:80.',
    since: 1_700_000_000_000,
    exhaustionSeconds: null,
    budget: 'b',
    finding: null,
    incident: null,
    others: 0,
    named: [],
    ...parts,
  };
}
