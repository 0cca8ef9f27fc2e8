/**
 * What the page knows, as one value. Enters: frames from the service and what the views want to see. Leaves: the next
 * state and the frames to send. Pure: no socket, no clock; `feed.ts` owns those and calls every function here.
 *
 * A changed wish (filter, sort, group, pace) is a second subscription beside the live one. Its snapshot takes over and
 * only then the old one ends; if it is refused the old rows stay. So a table never goes blank while somebody types.
 */
import type {
  ClientFrame,
  Delta,
  ErrorFrame,
  Group,
  Hello,
  Other,
  RowOf,
  ServerFrame,
  Snapshot,
  TableTopic,
} from '../src/protocol/frames.js';

/** Every table this page shows; a topic the service does not have stays silent. */
export const SHOWN = [
  'totals',
  'flows',
  'budgets',
  'failures',
  'verdict',
  'findings',
] as const satisfies readonly TableTopic[];
export type ShownTopic = (typeof SHOWN)[number];

/** How a table is wanted; absent fields are the service's defaults. */
export interface Wish {
  filter?: string;
  sort?: string;
  group?: Group;
  limit?: number;
}

export interface Refusal {
  code: string;
  message: string;
  /** 1-based column in the filter, null when the error is not about a place in it. */
  column: number | null;
}

export interface Table<T extends ShownTopic> {
  topic: T;
  wish: Wish;
  /** The wish that `rows` answer; null before the first snapshot. */
  shown: Wish | null;
  /** Subscription that `rows` belong to, and the one still unanswered. */
  live: string | null;
  asked: { sub: string; wish: Wish } | null;
  /** True from a noticed gap until the snapshot that mends it. */
  resyncing: boolean;
  seq: number | null;
  rows: ReadonlyMap<string, RowOf<T>>;
  total: number;
  other: Other;
  refusal: Refusal | null;
}

export interface State {
  hello: Hello | null;
  tables: { readonly [T in ShownTopic]: Table<T> };
  /** Publish interval asked for, ms; null: the service's own. */
  intervalMs: number | null;
  subs: number;
  /** Time of the newest frame by the service's clock, Unix ms. */
  time: number | null;
  /** An error that belongs to no table. */
  refusal: Refusal | null;
}

export interface Step {
  state: State;
  send: ClientFrame[];
}

type AnyTable = Table<ShownTopic>;

function emptyTable<T extends ShownTopic>(topic: T, wish: Wish = {}): Table<T> {
  const nothing = { live: null, asked: null, shown: null, resyncing: false, seq: null, refusal: null };
  return { topic, wish, ...nothing, rows: new Map(), total: 0, other: null };
}

export function initial(): State {
  const tables = {
    totals: emptyTable('totals'),
    flows: emptyTable('flows'),
    budgets: emptyTable('budgets'),
    failures: emptyTable('failures'),
    verdict: emptyTable('verdict'),
    findings: emptyTable('findings'),
  };
  return { hello: null, tables, intervalMs: null, subs: 0, time: null, refusal: null };
}

const stay = (state: State): Step => ({ state, send: [] });

function put(state: State, table: AnyTable): State {
  return { ...state, tables: { ...state.tables, [table.topic]: table } };
}

function subscribe(state: State, topic: ShownTopic): Step {
  const table: AnyTable = state.tables[topic];
  const sub = `${topic}.${state.subs + 1}`;
  const pace = state.intervalMs === null ? {} : { intervalMs: state.intervalMs };
  const send: ClientFrame[] = table.asked ? [{ type: 'unsubscribe', sub: table.asked.sub }] : [];
  send.push({ type: 'subscribe', sub, topic, ...table.wish, ...pace });
  return {
    state: put({ ...state, subs: state.subs + 1 }, { ...table, asked: { sub, wish: table.wish } }),
    send,
  };
}

/** Subscribes anew to every table the service has. */
function subscribeAll(state: State): Step {
  const topics = SHOWN.filter((topic) => state.hello?.topics.includes(topic));
  return topics.reduce<Step>((step, topic) => {
    const table: AnyTable = step.state.tables[topic];
    const next = subscribe(put(step.state, { ...table, refusal: null }), topic);
    return { state: next.state, send: [...step.send, ...next.send] };
  }, stay(state));
}

/** Changes how one table is wanted. Takes effect with the service's answer, or at the next hello. */
export function want(state: State, topic: ShownTopic, wish: Wish): Step {
  const next = put(state, { ...state.tables[topic], wish, refusal: null } as AnyTable);
  return state.hello?.topics.includes(topic) ? subscribe(next, topic) : stay(next);
}

/** Changes how often the service sends: a hidden page asks for less. */
export function pace(state: State, intervalMs: number | null): Step {
  if (intervalMs === state.intervalMs) return stay(state);
  return subscribeAll({ ...state, intervalMs });
}

/** The link broke: subscriptions died with it, the rows stay to be looked at until the next hello. */
export function unlinked(state: State): State {
  return SHOWN.reduce((next, topic) => {
    const table: AnyTable = next.tables[topic];
    return put(next, { ...table, live: null, asked: null, resyncing: false });
  }, state);
}

/** Takes one frame in. */
export function receive(state: State, frame: ServerFrame): Step {
  switch (frame.type) {
    case 'hello':
      return greet(state, frame);
    case 'snapshot':
      return replace(state, frame);
    case 'delta':
      return apply(state, frame);
    case 'error':
      return refuse(state, frame);
    default:
      return stay(state);
  }
}

/** Another epoch is another service: its sequence and keys mean nothing here, so the tables start over. */
function greet(state: State, hello: Hello): Step {
  const restarted = state.hello !== null && state.hello.epoch !== hello.epoch;
  const base = restarted ? startOver(state) : unlinked(state);
  return subscribeAll({ ...base, hello, refusal: null });
}

function startOver(state: State): State {
  const forgotten: State = { ...state, time: null };
  return SHOWN.reduce((next, topic) => put(next, emptyTable(topic, next.tables[topic].wish)), forgotten);
}

function find(state: State, sub: string | undefined): AnyTable | null {
  const topic = SHOWN.find((name) => {
    const { live, asked } = state.tables[name];
    return sub !== undefined && (live === sub || asked?.sub === sub);
  });
  return topic ? state.tables[topic] : null;
}

function byKey(rows: readonly RowOf<ShownTopic>[]): Map<string, RowOf<ShownTopic>> {
  return new Map(rows.map((row) => [row.key, row]));
}

function replace(state: State, { sub, seq, time, rows, total, other }: Snapshot): Step {
  const table = find(state, sub);
  if (!table) return stay(state);
  const content = { seq, rows: byKey(rows as RowOf<ShownTopic>[]), total, other, resyncing: false };
  const answers = table.asked?.sub === sub ? table.asked : null;
  const taken = answers ? { live: sub, asked: null, shown: answers.wish } : {};
  const ended = answers && table.live !== null ? table.live : null;
  const next = put({ ...state, time }, { ...table, ...content, ...taken });
  return { state: next, send: ended === null ? [] : [{ type: 'unsubscribe', sub: ended }] };
}

function apply(state: State, delta: Delta): Step {
  const table = find(state, delta.sub);
  if (!table || table.live !== delta.sub || table.resyncing) return stay(state);
  if (delta.prev !== table.seq) {
    return { state: put(state, { ...table, resyncing: true }), send: [{ type: 'resync', sub: delta.sub }] };
  }
  const { seq, total, other } = delta;
  return stay(
    put({ ...state, time: delta.time }, { ...table, seq, total, other, rows: merged(table, delta) }),
  );
}

/** The same map when nothing changed, so that nothing redraws. */
function merged(table: AnyTable, { set, del }: Delta): AnyTable['rows'] {
  if (set.length === 0 && del.length === 0) return table.rows;
  const rows = new Map(table.rows);
  for (const key of del) rows.delete(key);
  for (const row of set as RowOf<ShownTopic>[]) rows.set(row.key, row);
  return rows;
}

function refuse(state: State, frame: ErrorFrame): Step {
  const refusal = { code: frame.code, message: frame.message, column: frame.column ?? null };
  const table = find(state, frame.sub);
  if (!table) return stay(frame.sub === undefined ? { ...state, refusal } : state);
  if (table.asked?.sub !== frame.sub) return subscribe(state, table.topic);
  const wish = table.live === null ? table.wish : (table.shown ?? table.wish);
  const next = put(state, { ...table, wish, asked: null, refusal });
  // What came with the page's address must not leave it empty: show everything, below the error.
  const humbler = table.live === null ? humble(table.wish) : null;
  return humbler === null
    ? stay(next)
    : subscribe(put(next, { ...next.tables[table.topic], wish: humbler } as AnyTable), table.topic);
}

/** The wish without what may have been refused: its filter, else its sort; null when it has neither. */
function humble({ filter, sort, ...rest }: Wish): Wish | null {
  if (filter !== undefined) return sort === undefined ? rest : { ...rest, sort };
  return sort === undefined ? null : rest;
}
