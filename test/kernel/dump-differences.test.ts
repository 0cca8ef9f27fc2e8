/**
 * Differences of dumps with real TIME_WAIT entries: what they leave out and what they name, and that audits by them make the tables
 * that whole dumps make, whatever becomes of the entries in between.
 */
import { describe, expect, it } from 'vitest';
import type { DumpReader } from '../../src/engine/dump-reader.js';
import { AuditSide } from '../support/audit-side.js';
import { churnClient, churnServer, type Flags, type Generator } from '../support/churngen.js';
import { counting, lists, quiet, reaches, settled, sockets } from '../support/counters.js';
import { KEPT, Netns, TAKEN } from '../support/netns.js';
import { type Scope, testScope } from '../support/scope.js';
import { Collector, type Dumped, dumper, STATE } from '../support/socket-dump.js';
import { audited, inside } from '../support/truth.js';
import { Watch } from '../support/watch.js';

const ENTRIES = 3000;
const SERVER = '127.0.0.1:9000';
const NOTHING = new Uint32Array(0);

async function connects(scope: Scope, netns: Netns, flags: Flags): Promise<void> {
  await (await churnClient(scope, netns, { to: SERVER, ...flags })).done();
  quiet(netns);
  settled(netns);
}

async function one(reader: DumpReader, { path }: Netns, base?: number, again = NOTHING): Promise<Dumped> {
  const sink = new Collector();
  await reader.dump([{ id: 0, path, ...(base === undefined ? {} : { base, again }) }], sink);
  return sink.namespaces[0] as Dumped;
}

const entriesOf = ({ sockets: all }: Dumped) => all.filter(({ mini }) => mini).map(({ cookie }) => cookie);

describe('a difference', () => {
  it('leaves out what is unchanged, and shows what is new and what is asked for again', async () => {
    const scope = testScope();
    const netns = Netns.create(scope, KEPT);
    await churnServer(scope, netns, [SERVER]);
    await connects(scope, netns, { count: ENTRIES });
    const reader = dumper(scope);
    const whole = await one(reader, netns, 0);
    const entries = entriesOf(whole);
    expect([whole.basedOn, whole.unchanged, whole.error, whole.gone]).toEqual([0, 0, 0, []]);
    expect(entries.length).toBeGreaterThanOrEqual(ENTRIES);
    const same = await one(reader, netns, whole.generation);
    expect([same.basedOn, same.unchanged, entriesOf(same)]).toEqual([whole.generation, entries.length, []]);
    expect(same.sockets.map(({ state }) => state)).toEqual([STATE.LISTEN]);
    await connects(scope, netns, { count: 50 });
    const asked = entries.slice(0, 7);
    const again = Uint32Array.from(asked.flatMap((it) => [Number(it & 0xffff_ffffn), Number(it >> 32n)]));
    const more = await one(reader, netns, same.generation, again);
    expect([more.unchanged, more.gone]).toEqual([entries.length - 7, []]);
    expect(entriesOf(more)).toEqual(expect.arrayContaining(asked));
    expect(entriesOf(more).length).toBeGreaterThanOrEqual(57);
    expect(
      entriesOf(more)
        .filter((it) => entries.includes(it))
        .sort(),
    ).toEqual([...asked].sort());
  });

  it('is whole for who has not taken the last dump, or wants none', async () => {
    const scope = testScope();
    const netns = Netns.create(scope, KEPT);
    await churnServer(scope, netns, [SERVER]);
    await connects(scope, netns, { count: 100 });
    const reader = dumper(scope);
    const first = await one(reader, netns, 0);
    const second = await one(reader, netns, first.generation);
    const behind = await one(reader, netns, first.generation);
    expect([second.basedOn, behind.basedOn]).toEqual([first.generation, 0]);
    expect(entriesOf(behind)).toHaveLength(entriesOf(first).length);
    const alone = await one(reader, netns);
    expect([alone.basedOn, alone.generation, entriesOf(alone).length]).toEqual([
      0,
      0,
      entriesOf(first).length,
    ]);
    expect((await one(reader, netns, behind.generation)).unchanged).toBe(entriesOf(first).length);
  });

  it('goes on from no dump of another namespace that had the inode before', TAKEN, async () => {
    const scope = testScope();
    const before = Netns.create(scope, KEPT);
    const server = await churnServer(scope, before, [SERVER]);
    await connects(scope, before, { count: 100 });
    const reader = dumper(scope);
    const { generation } = await one(reader, before, 0);
    await server.stop();
    before.end();
    const after = Netns.again(scope, before, KEPT);
    await churnServer(scope, after, [SERVER]);
    await connects(scope, after, { count: 30 });
    const dumped = await one(reader, after, generation);
    expect([dumped.basedOn, dumped.unchanged, dumped.gone]).toEqual([0, 0, []]);
    expect(entriesOf(dumped).length).toBeGreaterThanOrEqual(30);
  });
});

/** Audits of one namespace, by differences and by whole dumps. No events: the dumps are all that the tables know. */
class Audits {
  readonly whole = new AuditSide();
  readonly difference = new AuditSide();
  private readonly readers: Record<'whole' | 'difference', DumpReader>;

  constructor(
    scope: Scope,
    private readonly netns: Netns,
  ) {
    this.readers = { whole: dumper(scope), difference: dumper(scope) };
  }

  /** One audit of each kind, while nothing happens. Returns what the difference handed over. */
  async run(): Promise<{ handedOver: number; leftOut: number }> {
    const { handedOver, leftOut } = this.difference;
    await this.audit('difference');
    await this.audit('whole');
    expect(this.difference.reported()).toEqual(this.whole.reported());
    return {
      handedOver: this.difference.handedOver - handedOver,
      leftOut: this.difference.leftOut - leftOut,
    };
  }

  get timeWait(): number {
    return [...this.difference.world.aggregator.namespaces.all()][0]?.timeWait ?? 0;
  }

  private async audit(kind: 'whole' | 'difference'): Promise<void> {
    const side = this[kind];
    const { inode, path } = this.netns;
    side.reconciler.beginRound();
    const request = kind === 'whole' ? {} : side.reconciler.request(inode, performance.now() * 1e6);
    await this.readers[kind].dump([{ id: inode, path, ...request }], side);
    side.endRound();
  }
}

describe('audits by differences', () => {
  it('agree with whole ones on entries that come, are taken over, and end with their server', async () => {
    const scope = testScope();
    const range = { 'net.ipv4.ip_local_port_range': '40000 40999', 'net.ipv4.tcp_rfc1337': 1 };
    const netns = Netns.create(scope, { ...range, 'net.ipv4.tcp_tw_reuse': 1 });
    const servers: Generator[] = [await churnServer(scope, netns, [SERVER])];
    servers.push(await churnServer(scope, netns, ['127.0.0.1:9001=never']));
    await connects(scope, netns, { count: 900 });
    const audits = new Audits(scope, netns);
    await audits.run();
    expect((await audits.run()).leftOut).toBeGreaterThanOrEqual(900);
    await (await churnClient(scope, netns, { to: '127.0.0.1:9001', count: 40 })).done();
    lists(netns, 'fin-wait-2', 40);
    expect((await audits.run()).leftOut).toBeGreaterThanOrEqual(900);
    /* Their peers' FINs make TIME_WAIT entries of them, with a fresh timer. */
    await servers.pop()?.stop();
    lists(netns, 'fin-wait-2', 0);
    await audits.run();
    expect(audits.timeWait).toBe(sockets(netns, 'time-wait').length);
    const grown = counting(netns);
    await new Promise((resolve) => setTimeout(resolve, 2100));
    await connects(scope, netns, { count: 500, rate: 1000 });
    reaches(grown, 'TcpExt.TWRecycled', 100);
    const { handedOver, leftOut } = await audits.run();
    expect([handedOver, leftOut].map((it) => it > 0)).toEqual([true, true]);
    expect(audits.timeWait).toBe(sockets(netns, 'time-wait').length);
    expect((await audits.run()).leftOut).toBe(audits.timeWait);
  });

  it('are what the engine does: an audit looks at no entry that is unchanged, and every entry keeps its owner', async () => {
    const scope = testScope();
    const netns = Netns.create(scope, KEPT);
    const watch = await Watch.start(scope, [netns]);
    await churnServer(scope, netns, [SERVER]);
    await connects(scope, netns, { count: 500 });
    const { sockets: table } = inside(watch.engine).aggregator;
    const slots = () =>
      Array.from({ length: table.end }, (_, slot) => slot).filter(
        (slot) =>
          table.stateOf(slot) === STATE.TIME_WAIT && table.flowOf(slot).namespace.inode === netns.inode,
      );
    for (let n = 0; n < 2; n++) await audited(watch, [netns]);
    const looked = slots().map((slot) => table.seenBy(slot));
    const before = watch.totals(netns);
    expect(before?.timeWait).toBeGreaterThanOrEqual(500);
    expect(before?.timeWaitAttributed).toBeGreaterThan(0);
    await audited(watch, [netns]);
    expect(slots().map((slot) => table.seenBy(slot))).toEqual(looked);
    const { timeWait, timeWaitAttributed, states } = watch.totals(netns) ?? {};
    expect({ timeWait, timeWaitAttributed, states }).toEqual({
      timeWait: before?.timeWait,
      timeWaitAttributed: before?.timeWaitAttributed,
      states: before?.states,
    });
    expect(looked.length).toBe(sockets(netns, 'time-wait').length);
  });
});
