/** The sizes the service promises to carry, in memory that it does not exceed. */
import { describe, expect, it } from 'vitest';
import { Aggregator, DEFAULT_LIMITS } from '../../../../src/aggregate/ingest/aggregator.js';
import type { ProcessContext } from '../../../../src/aggregate/model/process.js';
import { Batch } from '../../../../src/decode/batch.js';
import { Decoder } from '../../../../src/decode/decoder.js';
import { DIRECTION, END, EVENT, FLAG, offsetsOf, sizeOf } from '../../../../src/decode/layout.js';
import { announced, established, exited, outbound, World } from '../../../support/aggregate-world.js';
import { microsecondsPerStep } from '../../../support/cost.js';
import { addressBytes, processEvent, tcpEvent } from '../../../support/records.js';

const AROUND: ProcessContext = {
  startTimeMs: (ticks) => ticks * 10,
  cgroupPath: () => null,
  unitOf: () => null,
  selfPid: 1,
  redact: false,
};
const T = offsetsOf('tcp_event');
/** Computed once: the table of the layout is read for it, and here are millions of events. */
const TCP_BYTES = sizeOf('tcp_event');
const MB = 1024 * 1024;
/** A step near a limit may cost this many times what it costs far below: work that grows with a table costs hundreds of times. */
const SMALL_FACTOR = 8;

/** One record in a batch, changed in place for each event: a million of them cost no object. */
class Feed {
  readonly aggregator = new Aggregator(AROUND);
  private readonly decoder = new Decoder(new Batch(sizeOf('process_event')));
  private readonly view = new DataView(this.decoder.batch.u8.buffer);
  private cookie = 0;

  announce(id: number, tgid: number): void {
    const bytes = processEvent({ id, tgid, comm: 'many', exe: '/bin/many', cmdline: ['many'] });
    this.decoder.batch.u8.set(bytes);
    this.decoder.decode(bytes.length, this.aggregator);
  }

  /** The next connection of a process, toward a destination by number. Returns its cookie. */
  open(owner: number, destination: number): number {
    this.cookie += 1;
    this.write(EVENT.ESTABLISHED, owner, destination, this.cookie);
    return this.cookie;
  }

  close(owner: number, destination: number, cookie: number, end: number): void {
    this.write(EVENT.CLOSED, owner, destination, cookie, end);
  }

  private write(type: number, owner: number, destination: number, cookie: number, end = 0): void {
    if (this.view.getUint16(0, true) !== type) this.decoder.batch.u8.set(TEMPLATES.get(type) as Uint8Array);
    this.view.setUint32(T.cookie, cookie, true);
    this.view.setUint32(T.owner, owner, true);
    this.view.setUint32(T.owner_tgid, owner, true);
    this.view.setUint16(T.lport, cookie % 60_000, true);
    this.view.setUint32(T.raddr + 12, destination, true);
    this.view.setUint8(T.end, end);
    this.decoder.decode(TCP_BYTES, this.aggregator);
  }
}

const TEMPLATES = new Map([EVENT.ESTABLISHED, EVENT.CLOSED].map((type) => [type as number, template(type)]));

function template(type: number): Uint8Array {
  return tcpEvent(type, {
    time_ns: 1_000_000_000_000n,
    netns_cookie: 1n,
    netns_inum: 4_026_531_840,
    laddr: addressBytes('10.0.0.1'),
    raddr: addressBytes('10.0.0.2'),
    rport: 443,
    direction: DIRECTION.OUT,
    newstate: type === EVENT.CLOSED ? 7 : 1,
    flags: type === EVENT.CLOSED ? FLAG.OPEN_SENT | FLAG.CLOSED_FIRST : 0,
  });
}

function sums(aggregator: Aggregator): { opened: number; closed: number; timeWait: number } {
  const total = { opened: 0, closed: 0, timeWait: 0 };
  for (const flow of aggregator.flows.all()) {
    total.opened += flow.opened;
    total.closed += flow.closed;
    total.timeWait += flow.timeWait;
  }
  return total;
}

describe('bounds', () => {
  it('hold a million live connections and 250,000 TIME_WAIT entries in 120 MB of tables', () => {
    const feed = new Feed();
    feed.announce(1, 100);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 250_000; i++) feed.close(1, i % 50, feed.open(1, i % 50), END.TIME_WAIT);
    for (let i = 0; i < 1_000_000; i++) feed.open(1, i % 50);
    expect(feed.aggregator.sockets.size).toBe(1_250_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(120 * MB);
    expect(sums(feed.aggregator)).toEqual({ opened: 1_250_000, closed: 250_000, timeWait: 250_000 });
  });

  it('count what does not fit into the table of sockets all the same', () => {
    const feed = new Feed();
    feed.announce(1, 100);
    const over = DEFAULT_LIMITS.sockets + 1000;
    const cookies = Array.from({ length: over }, () => feed.open(1, 0));
    expect(feed.aggregator.sockets.size).toBe(DEFAULT_LIMITS.sockets);
    for (const cookie of cookies) feed.close(1, 0, cookie, END.PASSIVE);
    expect(feed.aggregator.sockets.size).toBe(0);
    expect(sums(feed.aggregator)).toEqual({ opened: over, closed: over, timeWait: 0 });
  });

  it('keep the totals exact beyond 100,000 flows', () => {
    const feed = new Feed();
    feed.announce(1, 100);
    for (let i = 0; i < 120_000; i++) feed.close(1, i, feed.open(1, i), END.PASSIVE);
    expect(feed.aggregator.flows.size).toBeLessThanOrEqual(DEFAULT_LIMITS.flows + 1);
    expect(sums(feed.aggregator)).toEqual({ opened: 120_000, closed: 120_000, timeWait: 0 });
    expect([...feed.aggregator.namespaces.all()][0]).toMatchObject({ opened: 120_000, closed: 120_000 });
  });
});

/** Processes one after the other, each of a program of its own: it opens a connection and exits. */
class ShortLives {
  next = 1;

  constructor(readonly world: World) {}

  run(count: number): void {
    for (let i = 0; i < count; i++) this.one();
  }

  one(): void {
    const id = this.next++;
    const open = established(outbound({ cookie: id, owner: id }));
    this.world.feed(announced(id, { exe: `/tmp/${id}`, comm: `c${id}` }), open, exited(id));
  }
}

describe('an exit', () => {
  it('costs the same when more processes are known than may be, and all their rows are shown', {
    timeout: 60_000,
  }, () => {
    const lives = new ShortLives(new World());
    lives.run(2000);
    const before = microsecondsPerStep(1000, () => lives.one());
    lives.run(DEFAULT_LIMITS.processes + 50 - lives.next);
    const after = microsecondsPerStep(1000, () => lives.one());
    expect(after).toBeLessThan(before * SMALL_FACTOR);
    const { world } = lives;
    expect(world.aggregator.processes.size).toBeLessThanOrEqual(DEFAULT_LIMITS.processes);
    expect(world.sums()).toEqual({ opened: lives.next - 1, closed: 0, failed: 0 });
  });
});
