/**
 * The hot path without a kernel: records as the kernel writes them, through the decoder into the tables; a dump joined
 * with them; frames made of them; the diagnosis of a crowd. In this process.
 */
import { Reconciler } from '../src/aggregate/reconcile/reconciler.js';
import { BudgetSource } from '../src/aggregate/rows/budget-source.js';
import { FlowSource } from '../src/aggregate/rows/flow-source.js';
import { Batch } from '../src/decode/batch.js';
import { Decoder } from '../src/decode/decoder.js';
import { DumpDecoder, type DumpSink } from '../src/decode/dump.js';
import { DUMP_SOCKET_FLAG } from '../src/decode/dump-layout.js';
import { DIRECTION, END, EVENT, FLAG, offsetsOf, sizeOf } from '../src/decode/layout.js';
import { Diagnosis } from '../src/diagnose/diagnosis.js';
import type { BudgetRow, FailureRow, FlowRow, ProcessInfo } from '../src/protocol/rows.js';
import { Tables } from '../src/query/tables.js';
import { announced, eventOf, outbound, World } from '../test/support/aggregate-world.js';
import { batchOf } from '../test/support/records.js';
import { dumpBegin, dumpEnd, dumpSocket } from '../test/unit/decode/dump-records.js';
import {
  budget as budgetRow,
  failure as failureRow,
  flow as flowRow,
  proc,
  totals as totalsRow,
} from '../test/unit/publish/rows.js';
import { spread } from './lib/stats.js';
import { type Cell, count, table } from './lib/table.js';
import { searches } from './micro-peers.js';

const CONNECTIONS = 5000;
const DESTINATIONS = 50;
const TIME_WAIT = 6;
const TIMER_TIME_WAIT = 3;
const NETNS = { netns_cookie: 1, netns_inum: 4026530001 };

/** Runs once before each timed run, unmeasured. */
export interface Work {
  readonly name: string;
  readonly per: string;
  readonly units: number;
  prepare(): void;
  run(): void;
}

export async function micro(quick: boolean): Promise<void> {
  const works = [
    events('as they came', lifeOf),
    events('joined', joinedLifeOf),
    ...audits(quick ? 20_000 : 250_000),
    frames(1000),
    frames(10_000),
    diagnosis(),
    ...searches(),
  ];
  const rows = works.map((work) => time(work, quick ? 5 : 15));
  console.log(table(['', 'per', 'ns'], rows));
}

/** The compiler takes its time: what is not warm is no figure. */
const WARM_UP_MS = 2000;

function time(work: Work, rounds: number): Cell[] {
  for (const end = performance.now() + WARM_UP_MS; performance.now() < end; ) timed(work);
  const runs = Array.from({ length: rounds }, () => timed(work));
  return [work.name, work.per, spread(runs, 0)];
}

/** Nanoseconds per unit, of processor time: others on the machine do not count, the collector's threads do. */
function timed(work: Work): number {
  work.prepare();
  const began = process.cpuUsage();
  work.run();
  const { user, system } = process.cpuUsage(began);
  return ((user + system) * 1000) / work.units;
}

const remote = (n: number) => `10.1.${n >> 8}.${n & 255}`;

/** Both ends of connections that open and close; the client's leaves a TIME_WAIT entry. */
function events(how: string, life: (n: number) => Uint8Array[]): Work {
  const world = new World();
  world.feed(announced(1), announced(2));
  const { batch, length } = batchOf(...Array.from({ length: CONNECTIONS }, (_, n) => life(n)).flat());
  const decoder = new Decoder(batch);
  let next = 1;
  return {
    name: `decode and aggregate, ${how}`,
    per: 'connection end',
    units: CONNECTIONS * 2,
    prepare: () => {
      next = renumber(batch, length, next, life(0).length);
      forgetSockets(world);
    },
    run: () => decoder.decode(length, world.aggregator),
  };
}

/** Of one connection: what its two ends have in common with all others. */
function endsOf(n: number) {
  const client = outbound({ remote: remote(n % DESTINATIONS) });
  const server = outbound({ direction: DIRECTION.IN, owner: 2, port: 80 });
  const time = { time_ns: 2000e9 + n * 1000 };
  const closed = { ...time, newstate: 7, duration_ns: 2_000_000 };
  const waits = {
    ...closed,
    end: END.TIME_WAIT,
    tw_lifetime_ms: 60_000,
    oldstate: 5,
    flags: FLAG.OPEN_SENT,
  };
  return { client, server, time, waits, passive: { ...closed, end: END.PASSIVE, oldstate: 9 } };
}

function lifeOf(n: number): Uint8Array[] {
  const { client, server, time, waits, passive } = endsOf(n);
  return [
    eventOf(client, EVENT.ESTABLISHED, { ...time, connect_us: 150, oldstate: 2, newstate: 1 }),
    eventOf(server, EVENT.ACCEPTED, { ...time, newstate: 1 }),
    eventOf(client, EVENT.CLOSED, waits),
    eventOf(server, EVENT.CLOSED, passive),
  ];
}

/** The same as native/tracer/coalescer.h tells it. */
function joinedLifeOf(n: number): Uint8Array[] {
  const { client, server, waits, passive } = endsOf(n);
  return [
    eventOf(client, EVENT.COALESCED, { ...waits, connect_us: 150 }),
    eventOf(server, EVENT.COALESCED, passive),
  ];
}

/** Two sockets per connection, whose records take turns; cookies nobody has had. */
function renumber(batch: Batch, length: number, first: number, perLife: number): number {
  const size = sizeOf('tcp_event');
  const { cookie } = offsetsOf('tcp_event');
  let next = first;
  for (let at = 0; at < length; at += perLife * size, next += 2)
    for (let event = 0; event < perLife; event++)
      batch.u64[(at + event * size + cookie) >> 3] = BigInt(next + (event & 1));
  return next;
}

function forgetSockets({ aggregator: { sockets } }: World): void {
  for (let slot = 0; slot < sockets.end; slot++) if (sockets.stateOf(slot) !== 0) sockets.remove(slot);
}

/** A dump of entries that the tables know, and one that leaves them all out, because they are unchanged. */
function audits(entries: number): Work[] {
  const world = new World();
  const join = new Reconciler(world.aggregator, world.folds);
  const begin = { id: 1, started_ns: 3000e9, ...NETNS };
  const dump = Array.from({ length: entries }, (_, n) => entryOf(n));
  const whole = dumpOf(join, [dumpBegin(begin), ...dump, dumpEnd({ id: 1, generation: 1 })]);
  const left = { unchanged: entries, generation: 2 };
  const difference = dumpOf(join, [dumpBegin({ ...begin, base: 1 }), dumpEnd({ id: 1, ...left })]);
  const work = { per: 'entry', units: entries };
  const name = `audit join, ${count(entries)} entries`;
  return [
    { ...work, name, prepare: () => undefined, run: whole },
    { ...work, name: `${name} unchanged`, prepare: once(whole), run: difference },
  ];
}

/** One audit, whose dump is these records. */
function dumpOf(join: Reconciler, records: readonly Uint8Array[]): () => void {
  const bytes = Buffer.concat(records);
  const batch = new Batch(bytes.length);
  batch.u8.set(bytes);
  const decoder = new DumpDecoder(batch);
  const sink: DumpSink = {
    begin: (begin) => join.begin(1, begin.netnsInum, begin.startedNs, begin.basedOn !== 0),
    socket: (socket) => join.socket(socket),
    gone: (gone) => join.gone(gone),
    text: () => undefined,
    end: (end) => join.end(true, end),
  };
  return () => {
    join.beginRound();
    decoder.decode(bytes.length, sink);
    for (let at = 0; at >= 0; at = join.sweep(at, 50_000));
    join.endRound();
  };
}

function once(call: () => void): () => void {
  let called = false;
  return () => {
    if (!called) call();
    called = true;
  };
}

function entryOf(n: number): Uint8Array {
  const mapped = (...last: number[]) => Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...last]);
  return dumpSocket({
    state: TIME_WAIT,
    timer: TIMER_TIME_WAIT,
    flags: DUMP_SOCKET_FLAG.KEPT,
    family: 2,
    cookie: n + 1,
    laddr: mapped(10, 0, 0, 1),
    raddr: mapped(10, 1, 0, n % DESTINATIONS),
    lport: 1024 + (n % 60_000),
    rport: 80,
    expires_ms: 30_000,
  });
}

/** Every flow has changed: rows, the store, one view of a thousand rows, its delta. */
function frames(flows: number): Work {
  const world = new World();
  world.feed(announced(1));
  for (let n = 0; n < flows; n++) world.feed(...lifeWith(n));
  const { aggregator } = world;
  const tables = new Tables({
    tables: { flows: new FlowSource(aggregator), budgets: new BudgetSource(aggregator) },
  });
  const view = tables.acquire('flows', {});
  return {
    name: `frame, ${count(flows)} changed flows`,
    per: 'flow',
    units: flows,
    prepare: () => {
      for (const flow of aggregator.flows.all()) aggregator.flows.touch(flow);
    },
    run: () => {
      const { seq } = tables.tick;
      tables.collect(world.now);
      view.deltaTail(seq);
    },
  };
}

const place = (n: number) => ({ address: remote(n), port: 80 });
const HALF = 2500;

/** One second of a machine on which everything goes wrong at once: each row is another place's, and all have changed. */
function diagnosis(): Work {
  const [flows, budgets, failures] = [
    crowd(2 * HALF, flowOf),
    crowd(2 * HALF, budgetOf),
    crowd(20_000, failureOf),
  ];
  const totals = crowd(1, () => totalsRow('1'));
  const tables = { flows, budgets, failures, totals };
  const unknown = { standing: () => new Map(), runtimeOf: () => null, portsOf: () => null };
  const failed = (error: unknown) => {
    throw error;
  };
  const diagnosis = new Diagnosis(tables, { ...unknown, failed });
  let now = START;
  return {
    name: 'diagnosis, 5,000 flows, 5,000 budgets that are out, 20,000 failures',
    per: 'second',
    units: 1,
    prepare: () => {
      now += 1000;
      for (const table of Object.values(tables)) table.makeAnew(now);
    },
    run: () => diagnosis.tick(now),
  };
}

const START = 1_700_000_000_000;

/** A table whose rows are made anew, as if all had changed. */
function crowd<Row>(size: number, rowOf: (n: number, now: number) => Row) {
  let set: Row[] = [];
  return {
    makeAnew: (now: number) => {
      set = Array.from({ length: size }, (_, n) => rowOf(n, now));
    },
    collect: () => ({ set: set.splice(0), del: [] }),
  };
}

const processes = Array.from({ length: 2 * HALF }, (_, n) => proc({ pid: 1000 + n, comm: `p${n % 50}` }));
const whoIs = (n: number) => ({
  process: processes[n % processes.length] as ProcessInfo,
  program: `program ${n % processes.length}`,
});
const direction = (n: number) => (n < HALF ? ('out' as const) : ('in' as const));

const flowOf = (n: number): FlowRow =>
  flowRow(`f${n}`, {
    ...whoIs(n),
    direction: direction(n),
    destination: place(n % HALF),
    opened: n,
    timeWait: 600,
  });

const budgetOf = (n: number): BudgetRow =>
  budgetRow(`b${n}`, { destination: place(n), limit: 200, used: 200, free: 0, exhaustionSeconds: 0 });

const failureOf = (n: number, now: number): FailureRow =>
  failureRow(`x${n}`, {
    ...whoIs(n),
    cause: 'refused',
    destination: place(2 * HALF + n),
    count: 5 * ((now - START) / 1000),
    perSec: 5,
    firstSeen: START,
    lastSeen: now,
  });

const lifeWith = (n: number) => [
  eventOf(outbound({ cookie: n + 1, remote: remote(n) }), EVENT.ESTABLISHED, {
    connect_us: 150,
    newstate: 1,
  }),
];
