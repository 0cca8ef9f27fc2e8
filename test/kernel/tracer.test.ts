/** The native tracer by itself: load, attach, drain, counters, close; and nothing left behind. */
import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { NativeTracer } from '../../src/capture/native.js';
import { Batch, type TcpEvent } from '../../src/decode/batch.js';
import { Decoder } from '../../src/decode/decoder.js';
import { EVENT, FLAG, sizeOf } from '../../src/decode/layout.js';
import { openAddon } from '../../src/engine/addon.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { settled } from '../support/counters.js';
import { opensAndCloses } from '../support/leftovers.js';
import { Netns } from '../support/netns.js';
import { drainInto, openTracer } from '../support/raw-tracer.js';
import { type Scope, testScope } from '../support/scope.js';

const addon = openAddon();

/** Types of all records in the ring. */
function drainAll(tracer: NativeTracer, bufferBytes: number, join = false): number[] {
  const types: number[] = [];
  const sink = {
    tcp: (event: { type: number }) => void types.push(event.type),
    cgroup: () => void types.push(EVENT.CGROUP),
    process: () => void types.push(EVENT.PROCESS),
    exit: () => void types.push(EVENT.PROCESS_EXIT),
  };
  drainInto(sink, tracer, bufferBytes, join);
  return types;
}

/** What the ring tells of each connection, by its cookie: who opened or accepted it, who closed it, and how it ended. */
function lives(tracer: NativeTracer, join: boolean): Map<bigint, object> {
  const openers = new Map<bigint, number>();
  const found = new Map<bigint, object>();
  const tcp = (event: TcpEvent) => {
    const { type, cookie, ownerTgid, closerTgid, direction, end, localPort, remotePort } = event;
    if (type === EVENT.ESTABLISHED || type === EVENT.ACCEPTED) openers.set(cookie, ownerTgid);
    if (type !== EVENT.CLOSED && type !== EVENT.COALESCED) return;
    const opener = openers.get(cookie) ?? ownerTgid;
    found.set(cookie, { opener, closerTgid, direction, end, localPort, remotePort });
    if (type === EVENT.COALESCED) expect(event.flags & FLAG.OWNER_IS_LISTENER).toBe(0);
  };
  drainInto(
    { tcp, cgroup: () => undefined, process: () => undefined, exit: () => undefined },
    tracer,
    1 << 18,
    join,
  );
  return found;
}

const tally = (types: readonly number[], type: number) => types.filter((it) => it === type).length;

async function churn(scope: Scope, netns: Netns, count: number): Promise<void> {
  const server = await churnServer(scope, netns, ['127.0.0.1:9000']);
  // It stays until the server has closed, too: nothing is coalesced across the exit of a process.
  const client = await churnClient(scope, netns, { to: '127.0.0.1:9000', count, stay: true });
  await client.done();
  settled(netns);
  await client.stop();
  await client.process.exited;
  await server.stop();
}

describe('the ring', () => {
  it.each([sizeOf('process_event'), 2048, 4096, 1 << 20])(
    'loses nothing when it is drained into %i bytes',
    async (bytes) => {
      const scope = testScope();
      const netns = Netns.create(scope);
      const tracer = openTracer(scope, netns);
      await churn(scope, netns, 500);
      const types = drainAll(tracer, Math.ceil(bytes / 8) * 8);
      expect([EVENT.ESTABLISHED, EVENT.ACCEPTED, EVENT.CLOSED].map((type) => tally(types, type))).toEqual([
        500, 500, 1000,
      ]);
      expect(tracer.stats()).toMatchObject({
        ringLost: 0,
        overflowFull: 0,
        identityLost: 0,
        storageFailures: 0,
        spareStates: 0,
      });
      expect(tracer.stats().events).toBe(
        types.filter((type) => type >= EVENT.CONNECT && type !== EVENT.CGROUP).length,
      );
    },
  );

  it.each([
    [4096, 0],
    // All of the story in one batch: how far the server lags behind does not matter.
    [1 << 20, 990],
  ])('joins opens and closes that fit %i bytes together, and loses none of either', async (bytes, least) => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const tracer = openTracer(scope, netns);
    await churn(scope, netns, 500);
    const types = drainAll(tracer, bytes, true);
    const of = (type: number) => tally(types, type);
    expect(of(EVENT.COALESCED)).toBeGreaterThan(least);
    expect(of(EVENT.COALESCED) + of(EVENT.ESTABLISHED) + of(EVENT.ACCEPTED)).toBe(1000);
    expect(of(EVENT.COALESCED) + of(EVENT.CLOSED)).toBe(1000);
  });

  it('keeps with a joined life what each of its events told', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const [apart, joined] = [openTracer(scope, netns), openTracer(scope, netns)];
    await churn(scope, netns, 20);
    const told = lives(joined, true);
    expect(told.size).toBe(40);
    expect(told).toEqual(lives(apart, false));
  });

  it('announces each process before the first event that names it', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const tracer = openTracer(scope, netns);
    await churn(scope, netns, 10);
    const known = new Set<number>([0]);
    const decoder = new Decoder(new Batch(1 << 16));
    const unknown: number[] = [];
    const named = (...ids: number[]) => {
      unknown.push(...ids.filter((id) => !known.has(id)));
    };
    const sink = {
      tcp: (event: { owner: number; closer: number }) => named(event.owner, event.closer),
      cgroup: () => undefined,
      process: (event: { id: number }) => {
        known.add(event.id);
      },
      exit: (event: { id: number }) => named(event.id),
    };
    while (decoder.decode(tracer.drain(decoder.batch.u8), sink) > 0);
    expect(unknown).toEqual([]);
    expect(known.size).toBeGreaterThan(2);
  });

  it('refuses a buffer that could not hold a record', () => {
    const scope = testScope();
    const tracer = openTracer(scope, Netns.create(scope));
    const refused = expect.objectContaining({
      code: 'EINVAL',
      errno: 22,
      operation: expect.stringMatching(/drain/),
    });
    expect(() => tracer.drain(new Uint8Array(sizeOf('process_event') - 1))).toThrow(refused);
    expect(() => tracer.drain(new Uint8Array(1 << 16).subarray(1))).toThrow(refused);
    expect(() => tracer.drain('nonsense' as unknown as Uint8Array)).toThrow();
  });

  it('gives each event of the overflow counters once, however often they are taken while programs count', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const tracer = openTracer(scope, netns, { ringBytes: 1 << 12 });
    const batch = new Batch(1 << 18);
    const [entry, kinds] = [sizeOf('overflow_key') + 8, new Set<string>()];
    let [taken, takes] = [0, 0];
    const take = () => {
      const bytes = tracer.takeOverflowCounters(batch.u8);
      expect(bytes % entry).toBe(0);
      for (let at = 0; at < bytes; at += entry) {
        taken += Number(batch.u64[(at + entry) / 8 - 1]);
        kinds.add(String(batch.u8.subarray(at, at + entry - 8)));
      }
      takes += 1;
    };
    let done = false;
    const churned = churn(scope, netns, 20_000).then(() => {
      done = true;
    });
    while (!done) {
      for (let i = 0; i < 20; i++) take();
      await immediate();
    }
    await churned;
    take();
    const { ringLost, overflowFull } = tracer.stats();
    expect(takes).toBeGreaterThan(1000);
    expect(kinds.size).toBeGreaterThan(2);
    expect(ringLost).toBeGreaterThan(40_000);
    expect({ taken, overflowFull }).toEqual({ taken: ringLost, overflowFull: 0 });
    take();
    expect(taken).toBe(ringLost);
  });

  it('takes overflow counters only where there is room for all', () => {
    const scope = testScope();
    const tracer = openTracer(scope, Netns.create(scope));
    const refused = expect.objectContaining({ code: 'EINVAL', operation: expect.stringMatching(/overflow/) });
    expect(() => tracer.takeOverflowCounters(new Uint8Array((1 << 18) - 1))).toThrow(refused);
    expect(tracer.takeOverflowCounters(new Uint8Array(1 << 18))).toBe(0);
  });
});

describe('filters', () => {
  it('are replaced as a whole, and none is the same as everything', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const tracer = openTracer(scope, netns);
    const only = (...ports: number[]) => tracer.setFilter({ tgids: [], ports, netns: [netns.inode] });
    const closes = async () => {
      await churn(scope, netns, 5);
      return tally(drainAll(tracer, 1 << 16), EVENT.CLOSED);
    };
    only(9001);
    expect(await closes()).toBe(0);
    only(9001, 9000);
    expect(await closes()).toBe(10);
    only(9002);
    expect(await closes()).toBe(0);
    only();
    expect(await closes()).toBe(10);
  });

  it('that are too long are refused with the kernel’s reason, and the old ones stay', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const tracer = openTracer(scope, netns);
    const many = Array.from({ length: 2000 }, (_, n) => n + 1);
    expect(() => tracer.setTraced(many)).toThrow(
      expect.objectContaining({ code: 'E2BIG', operation: 'update a filter' }),
    );
    await churn(scope, netns, 5);
    expect(tally(drainAll(tracer, 1 << 16), EVENT.CLOSED)).toBe(10);
  });
});

describe('closing', () => {
  it('can be done twice; then every call says so', () => {
    const tracer = addon.openTracer({ ringBytes: 1 << 16, syscalls: false });
    tracer.close();
    expect(() => tracer.close()).not.toThrow();
    for (const call of [
      () => tracer.attach(),
      () => tracer.drain(new Uint8Array(4096)),
      () => tracer.stats(),
      () => tracer.setTraced([]),
    ])
      expect(call).toThrow(/closed/);
  });

  it('leaves no BPF program behind, with and without system calls', () => opensAndCloses(addon, 4));

  it('of one tracer leaves another at work', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const [first, second] = [openTracer(scope, netns), openTracer(scope, netns)];
    first.close();
    await churn(scope, netns, 5);
    expect(tally(drainAll(second, 1 << 16), EVENT.CLOSED)).toBe(10);
  });
});
