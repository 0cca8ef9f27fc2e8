/**
 * An aggregator fed with records as the kernel writes them, and what it makes of them. Time advances a millisecond per
 * record.
 */
import { Aggregator, DEFAULT_LIMITS, type Limits } from '../../src/aggregate/ingest/aggregator.js';
import type { Flow } from '../../src/aggregate/model/flow.js';
import type { ProcessContext } from '../../src/aggregate/model/process.js';
import { OverflowCounters } from '../../src/aggregate/reconcile/overflow-counters.js';
import { flowRow } from '../../src/aggregate/rows/flow-row.js';
import { Decoder } from '../../src/decode/decoder.js';
import { DIRECTION, END, EVENT, FLAG, offsetsOf } from '../../src/decode/layout.js';
import type { FlowRow } from '../../src/protocol/rows.js';
import { addressBytes, batchOf, exitEvent, type Fields, processEvent, tcpEvent } from './records.js';

export const SELF_PID = 4242;
const BOOT_UNIX_MS = 1_700_000_000_000;

export const AROUND: ProcessContext = {
  startTimeMs: (ticks) => BOOT_UNIX_MS + ticks * 10,
  cgroupPath: (id) => (id === 0n ? null : `/group-${id}`),
  cgroupSeen: () => undefined,
  partOf: (path) => ({ container: null, unit: `${path.slice(1)}.service` }),
  containerFacts: () => null,
  selfPid: SELF_PID,
  redact: false,
};

/** One connection: what all its events have in common. Named as the record's fields are. */
export interface Connection {
  cookie: number;
  owner: number;
  direction: number;
  netns: number;
  flags: number;
  remote: string;
  port: number;
}

export interface Sums {
  opened: number;
  closed: number;
  failed: number;
}

export class World {
  readonly aggregator: Aggregator;
  readonly folds: OverflowCounters;
  private timeNs = 1000e9;

  constructor(limits: Partial<Limits> = {}, around: Partial<ProcessContext> = {}) {
    this.aggregator = new Aggregator({ ...AROUND, ...around }, { ...DEFAULT_LIMITS, ...limits });
    this.aggregator.unixMsAtZero = BOOT_UNIX_MS;
    this.folds = new OverflowCounters(this.aggregator);
  }

  /** Now, Unix ms. */
  get now(): number {
    return BOOT_UNIX_MS + this.timeNs / 1e6;
  }

  pass(ms: number): void {
    this.timeNs += ms * 1e6;
  }

  /** Each record gets the next millisecond as its time, then all go through the decoder as one batch. */
  feed(...records: readonly Uint8Array[]): void {
    for (const record of records) {
      this.pass(1);
      Buffer.from(record.buffer, record.byteOffset).writeBigUInt64LE(
        BigInt(this.timeNs),
        offsetsOf('tcp_event').time_ns,
      );
    }
    const { batch, length } = batchOf(...records);
    new Decoder(batch).decode(length, this.aggregator);
  }

  applyFolds(...entries: readonly Uint8Array[]): void {
    const { batch, length } = batchOf(...entries);
    this.folds.apply(batch, length);
  }

  /** What a publish tick does with the dead. */
  settle(): void {
    this.aggregator.dead.settle(this.now);
  }

  flows(): FlowRow[] {
    const second = Math.floor(this.timeNs / 1e9);
    return [...this.aggregator.flows.all()].map((flow) => flowRow(flow, second));
  }

  /** The flow toward this port. */
  flow(port: number): FlowRow {
    const found = this.flows().filter(({ destination }) => destination.port === port);
    if (found.length !== 1) throw new Error(`${found.length} flows toward port ${port}`);
    return found[0] as FlowRow;
  }

  /** The same flow as the tables have it. */
  stored(port: number): Flow {
    const { key } = this.flow(port);
    return [...this.aggregator.flows.all()].find((flow) => flow.key === key) as Flow;
  }

  /** Over all flows. */
  sums(): Sums {
    return add([...this.aggregator.flows.all()]);
  }

  /** Over all namespaces. */
  totals(): Sums {
    return add([...this.aggregator.namespaces.all()]);
  }
}

function add(parts: readonly Sums[]): Sums {
  const sum = (field: keyof Sums) => parts.reduce((total, part) => total + part[field], 0);
  return { opened: sum('opened'), closed: sum('closed'), failed: sum('failed') };
}

export function outbound(more: Partial<Connection> = {}): Connection {
  return {
    cookie: 1,
    owner: 1,
    direction: DIRECTION.OUT,
    netns: 1,
    flags: 0,
    remote: '10.0.0.9',
    port: 5432,
    ...more,
  };
}

export function inbound(more: Partial<Connection> = {}): Connection {
  return outbound({ direction: DIRECTION.IN, port: 80, ...more });
}

/** An event of a connection. Inbound, `port` is the local one. */
export function eventOf(connection: Connection, type: number, more: Fields<'tcp_event'> = {}): Uint8Array {
  const { cookie, owner, direction, netns, flags, remote, port } = connection;
  const isInbound = direction === DIRECTION.IN;
  return tcpEvent(type, {
    cookie,
    owner,
    owner_tgid: owner === 0 ? 0 : 1000 + owner,
    direction,
    netns_cookie: netns,
    netns_inum: 4026530000 + netns,
    flags,
    laddr: addressBytes('10.0.0.1'),
    raddr: addressBytes(remote),
    lport: isInbound ? port : 40000 + (cookie % 20000),
    rport: isInbound ? 40000 + (cookie % 20000) : port,
    family: 2,
    ...more,
  });
}

export const established = (connection: Connection) =>
  eventOf(connection, EVENT.ESTABLISHED, { connect_us: 150, newstate: 1, oldstate: 2 });

export const accepted = (connection: Connection) => eventOf(connection, EVENT.ACCEPTED, { newstate: 1 });

/** Outbound, the kernel says on the close that it sent the open. */
export function closed(connection: Connection, more: Fields<'tcp_event'> = {}): Uint8Array {
  const sent = connection.direction === DIRECTION.OUT && connection.flags === 0 ? FLAG.OPEN_SENT : 0;
  const state = { end: END.PASSIVE, oldstate: 9, newstate: 7, duration_ns: 2_000_000 };
  return eventOf(connection, EVENT.CLOSED, { ...state, flags: connection.flags | sent, ...more });
}

export const failed = (connection: Connection, err = 111) =>
  eventOf(connection, EVENT.FAILED, { err, oldstate: 2, newstate: 7 });

/** Process `id` as the kernel announces it: pid 1000 + id, child of process `parent`. */
export function announced(
  id: number,
  more: Omit<Fields<'process_event'>, 'exe' | 'cmdline'> & { exe?: string; cmdline?: readonly string[] } = {},
): Uint8Array {
  return processEvent({
    id,
    tgid: 1000 + id,
    start_ns: 1e9 * id,
    comm: 'curl',
    parent_comm: 'bash',
    exe: '/usr/bin/curl',
    cmdline: ['curl', 'http://db/'],
    ppid: 900,
    ...more,
  });
}

export const exited = (id: number) => exitEvent({ id, tgid: 1000 + id });
