/**
 * WebSocket `portchurn.v1`: JSON text frames, one object each, discriminated by `type`. stream.ndjson has the same objects.
 * The schemas are the definition: the types are derived from them here, compiled validation is in validate.ts (server only),
 * so that a page which imports the types bundles no schema.
 */
import { type Static, type TSchema, Type } from 'typebox';
import {
  GROUPS,
  MAX_BUDGET_KEY,
  MAX_FILTER,
  MAX_INTERVAL_MS,
  MAX_LIMIT,
  MAX_SUB,
  MODES,
  PROTOCOL,
} from './names.js';
import { portMapFields } from './ports/schema.js';
import {
  BudgetRow,
  ConnectionEvent,
  FailureRow,
  FindingRow,
  FlowRow,
  IncidentRow,
  TotalsRow,
  VerdictRow,
} from './rows.js';

export * from './names.js';

/** Row schema of each table topic, in the order of collection: diagnosis comes last. Topic `events` is a stream, `ports` the map of one budget. */
export const TABLES = {
  totals: TotalsRow,
  flows: FlowRow,
  budgets: BudgetRow,
  failures: FailureRow,
  incidents: IncidentRow,
  findings: FindingRow,
  verdict: VerdictRow,
} as const satisfies Record<string, TSchema>;
export type TableTopic = keyof typeof TABLES;
/** An interface, so that the compiler leaves `RowOf<T>` alone where T is not known: a mapped type costs it 13 s there. */
interface RowTypes extends RowStatics {}
type RowStatics = { [T in TableTopic]: Static<(typeof TABLES)[T]> };
export type RowOf<T extends TableTopic> = RowTypes[T];
export type AnyRow = RowOf<TableTopic>;
export const TABLE_TOPICS = Object.keys(TABLES) as TableTopic[];
export const TOPICS = [...TABLE_TOPICS, 'events', 'ports'] as const;
export type Topic = TableTopic | 'events' | 'ports';

const closed = { additionalProperties: false };
const Sub = Type.String({ minLength: 1, maxLength: MAX_SUB });
const Seq = Type.Integer({ minimum: 0 });
const Count = Type.Integer({ minimum: 0 });

export const Subscribe = Type.Object(
  {
    type: Type.Literal('subscribe'),
    sub: Sub,
    topic: Type.Enum([...TOPICS]),
    filter: Type.Optional(Type.String({ maxLength: MAX_FILTER })),
    /** A row field, `-` in front for descending; dotted into objects: `-process.pid`. */
    sort: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIMIT })),
    group: Type.Optional(Type.Enum([...GROUPS])),
    /** Of topic `ports`: the budget's key. */
    budget: Type.Optional(Type.String({ maxLength: MAX_BUDGET_KEY })),
    intervalMs: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_INTERVAL_MS })),
  },
  closed,
);
export type Subscribe = Static<typeof Subscribe>;
export const Unsubscribe = Type.Object({ type: Type.Literal('unsubscribe'), sub: Sub }, closed);
export const Resync = Type.Object({ type: Type.Literal('resync'), sub: Sub }, closed);

/** Every frame of a client, by `type`. */
export const CLIENT_FRAMES = { subscribe: Subscribe, unsubscribe: Unsubscribe, resync: Resync } as const;
export type ClientFrame = {
  [T in keyof typeof CLIENT_FRAMES]: Static<(typeof CLIENT_FRAMES)[T]>;
}[keyof typeof CLIENT_FRAMES];

/** Something that cannot be observed. `fix` is a sentence or commands, one per line; null: the problem passes by itself. */
export const Problem = Type.Object({
  what: Type.String(),
  why: Type.String(),
  fix: Type.Union([Type.String(), Type.Null()]),
});
export type Problem = Static<typeof Problem>;

/** How the close outcome is decided: by a lookup of the TIME_WAIT entry, or by the socket's last state alone. */
export const VERDICT_PATHS = ['ehash', 'portable'] as const;
export type VerdictPath = (typeof VERDICT_PATHS)[number];

export const Hello = Type.Object({
  type: Type.Literal('hello'),
  protocol: Type.Literal(PROTOCOL),
  version: Type.String(),
  host: Type.String(),
  epoch: Type.String(),
  mode: Type.Enum([...MODES]),
  verdictPath: Type.Enum([...VERDICT_PATHS]),
  limits: Type.Array(Problem),
  intervalMs: Type.Integer(),
  topics: Type.Array(Type.Enum([...TOPICS])),
  kernel: Type.String(),
});
export type Hello = Static<typeof Hello>;

/** Sums over the rows that the limit hid, `rows` of them; null when it hid none. */
export const Other = Type.Union([
  Type.Intersect([
    Type.Object({ rows: Count }),
    Type.Record(Type.String(), Type.Union([Type.Number(), Type.Null()])),
  ]),
  Type.Null(),
]);
export type Other = Static<typeof Other>;

const tableOf = <T extends TableTopic>(topic: T) => ({
  rows: Type.Array(TABLES[topic]),
  total: Count,
  other: Other,
});
const frameOf = <T extends TableTopic>(topic: T) => ({
  sub: Sub,
  topic: Type.Literal(topic),
  seq: Seq,
  time: Type.Number(),
  total: Count,
  other: Other,
});

/** The whole table, as filtered, sorted and limited. */
export const snapshotFrame = <T extends TableTopic>(topic: T) =>
  Type.Object({ type: Type.Literal('snapshot'), ...frameOf(topic), rows: Type.Array(TABLES[topic]) });

/** What changed since `prev`, the last `seq` sent on this subscription. */
export const deltaFrame = <T extends TableTopic>(topic: T) =>
  Type.Object({
    type: Type.Literal('delta'),
    ...frameOf(topic),
    prev: Seq,
    set: Type.Array(TABLES[topic]),
    del: Type.Array(Type.String()),
  });

interface Framed<T extends TableTopic> {
  sub: string;
  topic: T;
  seq: number;
  time: number;
  total: number;
  other: Other;
}
export type SnapshotOf<T extends TableTopic> = Framed<T> & { type: 'snapshot'; rows: RowOf<T>[] };
export type DeltaOf<T extends TableTopic> = Framed<T> & {
  type: 'delta';
  prev: number;
  set: RowOf<T>[];
  del: string[];
};
export type Snapshot = { [T in TableTopic]: SnapshotOf<T> }[TableTopic];
export type Delta = { [T in TableTopic]: DeltaOf<T> }[TableTopic];

/** `dropped`: events of this subscription since its previous frame that could not be delivered. */
export const EventsFrame = Type.Object({
  type: Type.Literal('events'),
  sub: Sub,
  seq: Seq,
  time: Type.Number(),
  events: Type.Array(ConnectionEvent),
  dropped: Count,
});
export type EventsFrame = Static<typeof EventsFrame>;

/** Every port of one budget's range, at most once a second. */
export const PortsFrame = Type.Object({ type: Type.Literal('ports'), sub: Sub, seq: Seq, ...portMapFields });
export type PortsFrame = Static<typeof PortsFrame>;

const errorFields = {
  code: Type.String(),
  message: Type.String(),
  /** The next step, where there is an obvious one. */
  hint: Type.Optional(Type.String()),
  /** 1-based position of the fault in the filter. */
  column: Type.Optional(Type.Integer({ minimum: 1 })),
};
/** Body of every HTTP response with an error status. */
export const ErrorBody = Type.Object(errorFields);
export type ErrorBody = Static<typeof ErrorBody>;
export const ErrorFrame = Type.Object({
  type: Type.Literal('error'),
  ...errorFields,
  sub: Type.Optional(Type.String()),
});
export type ErrorFrame = Static<typeof ErrorFrame>;

/** Every frame of the service, by `type`; of those about a table one per topic. */
export const SERVER_FRAMES = {
  hello: Hello,
  snapshot: snapshotFrame,
  delta: deltaFrame,
  events: EventsFrame,
  ports: PortsFrame,
  error: ErrorFrame,
} as const satisfies Record<ServerFrame['type'], TSchema | ((topic: TableTopic) => TSchema)>;
export type ServerFrame = Hello | Snapshot | Delta | EventsFrame | PortsFrame | ErrorFrame;

const EVERY_TABLE = Object.fromEntries(TABLE_TOPICS.map((topic) => [topic, Type.Object(tableOf(topic))]));

/** Body of GET /api/v1/snapshot and of `-o json`: the requested topics. */
export const SnapshotBody = Type.Object({
  time: Type.Number(),
  epoch: Type.String(),
  seq: Seq,
  topics: Type.Partial(Type.Object(EVERY_TABLE)),
});
export type TableBody<T extends TableTopic> = { rows: RowOf<T>[]; total: number; other: Other };
export interface SnapshotBody {
  time: number;
  epoch: string;
  seq: number;
  topics: { [T in TableTopic]?: TableBody<T> };
}
