/**
 * A client's replica of the service's tables, as one value. In: frames of the service and the queries of the caller. Out: the
 * next replica and the frames to send. Pure: the caller owns socket and clock.
 *
 * A changed query (filter, sort, group, pace) is a second subscription beside the live one. Its snapshot takes over and
 * only then the old one ends; if it is refused the old rows stay. So a table never goes blank while a person types.
 */
import type {
  ClientFrame,
  Delta,
  ErrorFrame,
  Hello,
  Other,
  ServerFrame,
  Snapshot,
  Subscribe,
  TableTopic,
} from '../protocol/frames.js';
import type { TableQuery } from '../protocol/table-query.js';
import { byKey, type Rows, withDelta } from './rows.js';

/** Every table there is; a topic that the service does not have stays empty. */
const TABLES: { readonly [T in TableTopic]: true } = {
  totals: true,
  flows: true,
  budgets: true,
  failures: true,
  incidents: true,
  findings: true,
  verdict: true,
};
const TOPICS = Object.keys(TABLES) as TableTopic[];

export interface Refusal {
  code: string;
  message: string;
  /** 1-based column in the filter, null when the error is not about a place in it. */
  column: number | null;
}

export interface Table<T extends TableTopic> {
  topic: T;
  query: TableQuery;
  /** The query that `rows` answer; null before the first snapshot. */
  shown: TableQuery | null;
  /** Subscription that `rows` belong to, and the one still unanswered. */
  live: string | null;
  asked: { sub: string; query: TableQuery } | null;
  /** True from a noticed gap until the snapshot that closes it. */
  resyncing: boolean;
  seq: number | null;
  rows: Rows<T>;
  total: number;
  other: Other;
  refusal: Refusal | null;
}

export interface Replica {
  hello: Hello | null;
  tables: { readonly [T in TableTopic]: Table<T> };
  /** Publish interval asked for, ms; null: the service's own. */
  intervalMs: number | null;
  /** Subscriptions made so far: the next one gets the next number. */
  subs: number;
  /** Time of the newest frame by the service's clock, Unix ms. */
  time: number | null;
  /** An error that belongs to no table. */
  refusal: Refusal | null;
}

export interface Step {
  replica: Replica;
  send: ClientFrame[];
}

type AnyTable = Table<TableTopic>;

function emptyTable<T extends TableTopic>(topic: T, query: TableQuery = {}): Table<T> {
  const nothing = { live: null, asked: null, shown: null, resyncing: false, seq: null, refusal: null };
  return { topic, query, ...nothing, rows: new Map(), total: 0, other: null };
}

export function initial(): Replica {
  const tables = Object.fromEntries(TOPICS.map((topic) => [topic, emptyTable(topic)]));
  const nothing = { hello: null, intervalMs: null, subs: 0, time: null, refusal: null };
  return { ...nothing, tables: tables as unknown as Replica['tables'] };
}

const stay = (replica: Replica): Step => ({ replica, send: [] });

function put(replica: Replica, table: AnyTable): Replica {
  return { ...replica, tables: { ...replica.tables, [table.topic]: table } };
}

function subscribe(replica: Replica, topic: TableTopic): Step {
  const table: AnyTable = replica.tables[topic];
  const sub = `${topic}.${replica.subs + 1}`;
  const pace = replica.intervalMs === null ? {} : { intervalMs: replica.intervalMs };
  const send: ClientFrame[] = table.asked ? [{ type: 'unsubscribe', sub: table.asked.sub }] : [];
  send.push({ type: 'subscribe', sub, topic, ...given(table.query), ...pace });
  return {
    replica: put({ ...replica, subs: replica.subs + 1 }, { ...table, asked: { sub, query: table.query } }),
    send,
  };
}

/** The parts of a query that have a value: a frame has no others. */
function given(query: TableQuery): Pick<Subscribe, 'filter' | 'sort' | 'limit' | 'group'> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}

/** Subscribes anew to every table the service has. */
function subscribeAll(replica: Replica): Step {
  const topics = TOPICS.filter((topic) => replica.hello?.topics.includes(topic));
  return topics.reduce<Step>((step, topic) => {
    const table: AnyTable = step.replica.tables[topic];
    const next = subscribe(put(step.replica, { ...table, refusal: null }), topic);
    return { replica: next.replica, send: [...step.send, ...next.send] };
  }, stay(replica));
}

/** Changes the query of one table. Takes effect with the service's answer, or at the next hello. */
export function setQuery(replica: Replica, topic: TableTopic, query: TableQuery): Step {
  const next = put(replica, { ...replica.tables[topic], query, refusal: null } as AnyTable);
  return replica.hello?.topics.includes(topic) ? subscribe(next, topic) : stay(next);
}

/** Changes how often the service sends: a hidden page asks for less. */
export function setPace(replica: Replica, intervalMs: number | null): Step {
  if (intervalMs === replica.intervalMs) return stay(replica);
  return subscribeAll({ ...replica, intervalMs });
}

/** The connection ended, and its subscriptions with it; the rows stay until the next hello. */
export function disconnected(replica: Replica): Replica {
  return TOPICS.reduce((next, topic) => {
    const table: AnyTable = next.tables[topic];
    return put(next, { ...table, live: null, asked: null, resyncing: false });
  }, replica);
}

/** Applies one frame. */
export function receive(replica: Replica, frame: ServerFrame): Step {
  switch (frame.type) {
    case 'hello':
      return greet(replica, frame);
    case 'snapshot':
      return replace(replica, frame);
    case 'delta':
      return apply(replica, frame);
    case 'error':
      return refuse(replica, frame);
    case 'events':
    case 'ports':
      return stay(replica);
    default:
      // Of a newer service.
      frame satisfies never;
      return stay(replica);
  }
}

/** Another epoch is another service: its sequence and keys mean nothing here, so the tables start over. */
function greet(replica: Replica, hello: Hello): Step {
  const restarted = replica.hello !== null && replica.hello.epoch !== hello.epoch;
  const base = restarted ? startOver(replica) : disconnected(replica);
  return subscribeAll({ ...base, hello, refusal: null });
}

function startOver(replica: Replica): Replica {
  const cleared: Replica = { ...replica, time: null };
  return TOPICS.reduce((next, topic) => put(next, emptyTable(topic, next.tables[topic].query)), cleared);
}

function find(replica: Replica, sub: string | undefined): AnyTable | null {
  const topic = TOPICS.find((name) => {
    const { live, asked } = replica.tables[name];
    return sub !== undefined && (live === sub || asked?.sub === sub);
  });
  return topic ? replica.tables[topic] : null;
}

function replace(replica: Replica, { sub, seq, time, rows, total, other }: Snapshot): Step {
  const table = find(replica, sub);
  if (!table) return stay(replica);
  const content = { seq, rows: byKey<TableTopic>(rows), total, other, resyncing: false };
  const answered = table.asked?.sub === sub ? table.asked : null;
  const taken = answered ? { live: sub, asked: null, shown: answered.query } : {};
  const ended = answered && table.live !== null ? table.live : null;
  const next = put({ ...replica, time }, { ...table, ...content, ...taken });
  return { replica: next, send: ended === null ? [] : [{ type: 'unsubscribe', sub: ended }] };
}

function apply(replica: Replica, delta: Delta): Step {
  const table = find(replica, delta.sub);
  if (!table || table.live !== delta.sub || table.resyncing) return stay(replica);
  if (delta.prev !== table.seq) {
    const resyncing = put(replica, { ...table, resyncing: true });
    return { replica: resyncing, send: [{ type: 'resync', sub: delta.sub }] };
  }
  const { seq, total, other } = delta;
  const next = { ...table, seq, total, other, rows: withDelta<TableTopic>(table.rows, delta) };
  return stay(put({ ...replica, time: delta.time }, next));
}

function refuse(replica: Replica, frame: ErrorFrame): Step {
  const refusal = { code: frame.code, message: frame.message, column: frame.column ?? null };
  const table = find(replica, frame.sub);
  if (!table) return stay(frame.sub === undefined ? { ...replica, refusal } : replica);
  if (table.asked?.sub !== frame.sub) return subscribe(replica, table.topic);
  const query = table.live === null ? table.query : (table.shown ?? table.query);
  const next = put(replica, { ...table, query, asked: null, refusal });
  // A first query that is refused must not leave the table empty: everything is shown, below the error.
  const simpler = table.live === null ? simplified(table.query) : null;
  return simpler === null
    ? stay(next)
    : subscribe(put(next, { ...next.tables[table.topic], query: simpler } as AnyTable), table.topic);
}

/** The query without the part that may have been refused: its filter, else its sort; null when it has neither. */
function simplified({ filter, sort, ...rest }: TableQuery): TableQuery | null {
  if (filter !== undefined) return sort === undefined ? rest : { ...rest, sort };
  return sort === undefined ? null : rest;
}
