/**
 * The rows of every table, as clients see them: one schema gives the TypeScript types, the validation of frames and the
 * AsyncAPI document. Unknown is `null`, never 0 or "". Times are Unix milliseconds unless a name ends in Ms or Seconds. In:
 * nothing. Out: schemas and types.
 */
import { type Static, type TSchema, Type } from 'typebox';

const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Text = Nullable(Type.String());
const Num = Nullable(Type.Number());
const Int = Nullable(Type.Integer());
/** Columns that add up over rows: `other` and groups sum exactly these. */
const Sums = { 'x-sums': true };
const Count = Nullable(Type.Integer(Sums));
const Rate = Nullable(Type.Number(Sums));

/** How a group combines values that differ. Without it they become null. */
const grouped = (rule: 'min' | 'max' | 'any' | 'unknown' | 'pids') => ({ 'x-group': rule });
const FirstTime = Nullable(Type.Integer(grouped('min')));
const LastTime = Nullable(Type.Integer(grouped('max')));
const Flag = Type.Boolean(grouped('any'));

export const Direction = Type.Union([Type.Literal('out'), Type.Literal('in')]);
export type Direction = Static<typeof Direction>;

/** TCP states as ss(8) prints them, in lower case. A TIME_WAIT entry in substate FIN_WAIT2 counts as `time-wait` here. */
export const STATE_NAMES = [
  'established',
  'syn-sent',
  'syn-recv',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'close',
  'close-wait',
  'last-ack',
  'listen',
  'closing',
] as const;
export type StateName = (typeof STATE_NAMES)[number];

/** How a connection ended. `time-wait` and `fin-wait-2` left a mini-socket that holds the tuple. */
export const END_NAMES = [
  'time-wait',
  'fin-wait-2',
  'passive',
  'reset',
  'timeout',
  'overflow',
  'aborted',
] as const;
export const End = Type.Enum(END_NAMES);
export type End = (typeof END_NAMES)[number];

export const CAUSE_NAMES = [
  'ports-exhausted',
  'bind-pool-exhausted',
  'tuple-in-use',
  'no-source-address',
  'foreign-address',
  'port-in-use',
  'refused',
  'timed-out',
  'unreachable',
  'reset',
  'not-permitted',
  'no-memory',
  'aborted',
  'other',
] as const;
export const Cause = Type.Enum(CAUSE_NAMES);
export type Cause = (typeof CAUSE_NAMES)[number];

export const ProcessRef = Type.Object({ pid: Int, comm: Text });
export type ProcessRef = Static<typeof ProcessRef>;

/**
 * A process is identified by its tgid and its start time; every part that is not known is null. `name` is what every surface
 * calls it: its script ("orders.py", run by `interpreter`), else its file, or the link by which it was called.
 */
export const ProcessInfo = Type.Object({
  pid: Int,
  name: Text,
  interpreter: Text,
  script: Text,
  startTime: Int,
  ppid: Int,
  parent: ProcessRef,
  comm: Text,
  exe: Text,
  cmdline: Text,
  uid: Int,
  cgroup: Text,
  unit: Text,
  container: Text,
  image: Text,
  pod: Text,
  workload: Text,
  /** Earlier versions do not say it. */
  workloadGuessed: Type.Optional(Nullable(Type.Boolean())),
  exited: Nullable(Type.Boolean()),
  self: Flag,
});
export type ProcessInfo = Static<typeof ProcessInfo>;

export const Endpoint = Type.Object({ address: Text, port: Int });
export type Endpoint = Static<typeof Endpoint>;

/** Who listens at a destination, seen from this machine: of several processes of one program, what they have in common. */
export const Peer = Type.Object({ process: ProcessInfo });
export type Peer = Static<typeof Peer>;

/**
 * Where a flow leads. `name`: what the hosts file of the place where it is seen calls the address; `service`: what the port is registered for;
 * `peer`: the process at the other end, when that is on this machine.
 */
export const Destination = Type.Object({
  address: Text,
  port: Int,
  name: Text,
  service: Text,
  peer: Nullable(Peer),
});
export type Destination = Static<typeof Destination>;

/** The same of a row over several flows, as far as these agree. What an earlier version wrote or saved has the address alone. */
export const Place = Type.Object({
  address: Text,
  port: Int,
  name: Type.Optional(Text),
  service: Type.Optional(Text),
  peer: Type.Optional(Nullable(Peer)),
});
export type Place = Static<typeof Place>;

/** Quantiles of several rows cannot be computed from theirs: a group has none. */
export const Quantiles = Type.Object({ p50: Num, p99: Num }, grouped('unknown'));
export type Quantiles = Static<typeof Quantiles>;

/** Of a row that stands for several processes: some of their pids, and how many more there are, null where that is not known. */
export const Pids = Type.Object({ listed: Type.Array(Type.Integer()), more: Int }, grouped('pids'));
export type Pids = Static<typeof Pids>;

/**
 * Events that did not come, since the start and of the whole service: of each reason (names.ts, LOSS_REASONS), and all. One definition
 * for rows, /healthz, metrics, the page and the terminal.
 */
export const Lost = Type.Object({
  ring: Type.Integer(),
  recursion: Type.Integer(),
  storage: Type.Integer(),
  total: Type.Integer(),
});
export type Lost = Static<typeof Lost>;

export const TotalsRow = Type.Object({
  key: Type.String(),
  netns: Int,
  name: Text,
  timeWait: Count,
  timeWaitAttributed: Count,
  coverage: Num,
  auditAgeMs: Num,
  states: Type.Record(Type.String(), Type.Integer()),
  openPerSec: Rate,
  closePerSec: Rate,
  failPerSec: Rate,
  opened: Count,
  closed: Count,
  failed: Count,
  portRange: Nullable(Type.Tuple([Type.Integer(), Type.Integer()])),
  reservedPorts: Int,
  blockedPorts: Count,
  tcpTwReuse: Int,
  tcpTwReuseDelayMs: Int,
  tcpTimestamps: Int,
  tcpFinTimeout: Int,
  tcpMaxTwBuckets: Int,
  timeWaitOverflow: Count,
  recycled: Count,
  recycledPerSec: Rate,
  eventsSeen: Int,
  eventsLost: Int,
  eventsMissed: Int,
  lost: Lost,
  lowerBound: Flag,
  netnsId: Text,
});
export type TotalsRow = Static<typeof TotalsRow>;

/** `program` names what dead processes are rolled up into: "curl (loop.sh)". */
export const FlowRow = Type.Object({
  key: Type.String(),
  netns: Int,
  process: ProcessInfo,
  program: Text,
  pids: Nullable(Pids),
  direction: Nullable(Direction),
  destination: Destination,
  established: Count,
  timeWait: Count,
  portsHeld: Count,
  openPerSec: Rate,
  closePerSec: Rate,
  failPerSec: Rate,
  opened: Count,
  closed: Count,
  failed: Count,
  preexisting: Count,
  closedFirst: Count,
  slowConnects: Count,
  bytesSent: Count,
  bytesReceived: Count,
  lifetimeMs: Quantiles,
  connectMs: Quantiles,
  firstSeen: FirstTime,
  lastSeen: LastTime,
  lowerBound: Flag,
  netnsId: Text,
});
export type FlowRow = Static<typeof FlowRow>;

export const Holder = Type.Object({ process: ProcessInfo, ports: Type.Integer() });

export const BudgetRow = Type.Object({
  key: Type.String(),
  kind: Type.Union([Type.Literal('tuple'), Type.Literal('bind-pool')]),
  netns: Int,
  source: Type.Object({ address: Text }),
  destination: Place,
  limit: Int,
  used: Count,
  blocked: Int,
  free: Int,
  timeWait: Count,
  established: Count,
  other: Count,
  bound: Count,
  openPerSec: Rate,
  demandPerSec: Rate,
  sustainablePerSec: Num,
  recycled: Count,
  recycledPerSec: Rate,
  reuse: Nullable(Type.Union([Type.Literal('never'), Type.Literal('after-delay')])),
  exhaustionSeconds: Num,
  releasing: Type.Array(Type.Tuple([Type.Number(), Type.Integer()])),
  holders: Type.Array(Holder),
  blockers: Nullable(Type.Array(Holder)),
  netnsId: Text,
  incident: Text,
});
export type BudgetRow = Static<typeof BudgetRow>;

/**
 * `program` as in flows: it still names the owner of the failures when the process is gone. `unanswered`: of `count`, the attempts that
 * ended without an answer, be it that the kernel or the program gave up; `waitedMs`: how long the last ones waited, a running mean.
 * `incident`: as in budgets.
 */
export const FailureRow = Type.Object({
  key: Type.String(),
  netns: Int,
  process: ProcessInfo,
  program: Text,
  direction: Nullable(Direction),
  destination: Place,
  call: Type.Union([Type.Literal('connect'), Type.Literal('bind')]),
  errno: Text,
  cause: Cause,
  count: Type.Integer(Sums),
  perSec: Rate,
  unanswered: Type.Integer(Sums),
  unansweredPerSec: Type.Number(Sums),
  waitedMs: Nullable(Type.Number(grouped('max'))),
  firstSeen: FirstTime,
  lastSeen: LastTime,
  budget: Text,
  lowerBound: Flag,
  netnsId: Text,
  incident: Text,
});
export type FailureRow = Static<typeof FailureRow>;

export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];
export const CONFIDENCES = ['high', 'medium', 'low'] as const;
export type Confidence = (typeof CONFIDENCES)[number];

export const Evidence = Type.Object({
  text: Type.String(),
  value: Nullable(Type.Union([Type.Number(), Type.String()])),
});
export type Evidence = Static<typeof Evidence>;
/**
 * A change of the running system. `undo` takes it back; `persistence` says how long it lasts, `snippet` is what keeps it, in the form of
 * the place: a host, a container, a pod.
 */
export const Remedy = Type.Object({
  text: Type.String(),
  command: Text,
  undo: Text,
  effect: Text,
  persistence: Text,
  snippet: Text,
  language: Text,
});
export type Remedy = Static<typeof Remedy>;
export const Fix = Type.Object({ text: Type.String(), snippet: Text, language: Text });
export type Fix = Static<typeof Fix>;

/**
 * One diagnosis. `rank` 1 is the finding to read first; `confidenceReason` gives the reason for `confidence`; `since` is
 * when its evidence began, `resolved` when it had ended. `rule` is described in docs/findings/RULE.md. `incident`: the key of what it is
 * about, null: of none; `part`: another finding speaks for that incident.
 * `findLine`: what the user can run to see which line of code opens the connections.
 */
export const FindingRow = Type.Object({
  key: Type.String(),
  rank: Type.Integer(),
  rule: Type.String(),
  severity: Type.Enum(SEVERITIES),
  confidence: Type.Enum(CONFIDENCES),
  confidenceReason: Type.String(),
  title: Type.String(),
  evidence: Type.Array(Evidence),
  doNow: Type.Array(Remedy),
  fixForGood: Type.Array(Fix),
  findLine: Type.Array(Fix),
  process: ProcessInfo,
  program: Text,
  destination: Place,
  netns: Int,
  since: Type.Integer(),
  resolved: Int,
  netnsId: Text,
  incident: Text,
  part: Type.Boolean(),
});
export type FindingRow = Static<typeof FindingRow>;

/**
 * One thing that went or goes wrong: ports toward a destination that are out, a destination that refuses. `key` is never used again. It
 * is `open` while it goes on, `easing` while nothing has happened for a while, `over` when that lasted. Counts of victims and `failed`
 * are of this incident alone. `others` of the verdict counts those that are open besides.
 */
export const INCIDENT_KINDS = [
  'ports',
  'bind-pool',
  'bind',
  'no-answer',
  'refused',
  'unreachable',
  'overflow',
  'scan',
  'other',
] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];
export const INCIDENT_STATES = ['open', 'easing', 'over'] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

/** Who holds the ports that are there now; `share` of the budget's used ports, 0 to 1. */
export const Culprit = Type.Object({
  process: ProcessInfo,
  program: Text,
  ports: Type.Integer(),
  share: Num,
});
export type Culprit = Static<typeof Culprit>;
/** Whose calls fail. `failed`: since the incident began. */
export const Victim = Type.Object({
  process: ProcessInfo,
  program: Text,
  failed: Type.Integer(),
  perSec: Type.Number(),
});
export type Victim = Static<typeof Victim>;
/** What was changed meanwhile, and whether it worked: null while that is not known yet. */
/** Of settings, of a process that was started again; or no change, but why calls fail no more. */
export const CHANGE_KINDS = ['setting', 'restart', 'end'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

export const Change = Type.Object({
  kind: Type.Enum(CHANGE_KINDS),
  time: Type.Integer(),
  text: Type.String(),
  failPerSecBefore: Type.Number(),
  failPerSecAfter: Num,
  afterSeconds: Num,
  worked: Nullable(Type.Boolean()),
});
export type Change = Static<typeof Change>;

/** First what cures it, then what gives headroom, then what does not help and why: `reason`. */
export const REMEDY_ROLES = ['fix-for-good', 'do-now', 'will-not-help'] as const;
export type RemedyRole = (typeof REMEDY_ROLES)[number];
/** `settlesAt`: ports that are held in the end with it, at today's demand. `snippet`: a cure's code; of a setting, what keeps it. */
export const IncidentRemedy = Type.Object({
  role: Type.Enum(REMEDY_ROLES),
  text: Type.String(),
  command: Text,
  undo: Text,
  effect: Text,
  settlesAt: Int,
  reason: Text,
  snippet: Text,
  language: Text,
});
export type IncidentRemedy = Static<typeof IncidentRemedy>;

export const IncidentRow = Type.Object({
  key: Type.String(),
  kind: Type.Enum(INCIDENT_KINDS),
  netns: Int,
  netnsId: Text,
  name: Text,
  severity: Type.Enum(SEVERITIES),
  state: Type.Enum(INCIDENT_STATES),
  title: Type.String(),
  since: Type.Integer(),
  until: Int,
  budget: Text,
  destination: Place,
  demandPerSec: Num,
  sustainablePerSec: Num,
  exhaustionSeconds: Num,
  failPerSec: Type.Number(),
  failed: Type.Integer(),
  culprits: Type.Array(Culprit),
  victims: Type.Array(Victim),
  findings: Type.Array(Type.String()),
  remedies: Type.Array(IncidentRemedy),
  changes: Type.Array(Change),
  lowerBound: Type.Boolean(),
});
export type IncidentRow = Static<typeof IncidentRow>;

export const LEVELS = ['ok', 'warning', 'critical', 'recovered'] as const;
/**
 * One sentence about the ports of the machine, or of what a service-wide filter shows. `budget`, `finding` and `incident` are the keys
 * of the rows that it is about; `others`: how many more incidents are open; `named`: the keys of the incidents that the sentence names.
 */
export const VerdictRow = Type.Object({
  key: Type.Literal('verdict'),
  level: Type.Enum(LEVELS),
  text: Type.String(),
  since: Type.Integer(),
  exhaustionSeconds: Num,
  budget: Text,
  finding: Text,
  incident: Text,
  others: Type.Integer(),
  named: Type.Array(Type.String()),
});
export type VerdictRow = Static<typeof VerdictRow>;

export const EVENT_TYPES = [
  'connect',
  'established',
  'accepted',
  'failed',
  'closed',
  'listen',
  'transition',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** One thing that happened to one connection. A field that this type of event does not have is null. */
export const ConnectionEvent = Type.Object({
  time: Type.Number(),
  type: Type.Enum(EVENT_TYPES),
  cookie: Text,
  netns: Int,
  process: ProcessInfo,
  closer: Nullable(ProcessInfo),
  local: Endpoint,
  remote: Endpoint,
  direction: Nullable(Direction),
  errno: Text,
  cause: Nullable(Cause),
  oldState: Text,
  newState: Text,
  durationMs: Num,
  connectMs: Num,
  bytesSent: Int,
  bytesReceived: Int,
  end: Nullable(End),
  netnsId: Text,
});
export type ConnectionEvent = Static<typeof ConnectionEvent>;
