/** The native tracer by itself: load, attach, drain, counters, close; and nothing left behind. */
import { describe, expect, it } from 'vitest';
import { loadAddon } from '../../src/capture/load.js';
import type { NativeTracer } from '../../src/capture/native.js';
import { Batch } from '../../src/decode/batch.js';
import { Decoder } from '../../src/decode/decoder.js';
import { EVENT, sizeOf } from '../../src/decode/layout.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { settled } from '../support/counters.js';
import { heldPrograms } from '../support/held.js';
import { programsGone } from '../support/leftovers.js';
import { Netns } from '../support/netns.js';
import { type Scope, testScope } from '../support/scope.js';

const addon = loadAddon();

function open(scope: Scope, netns: Netns, { ringBytes = 1 << 22, syscalls = true } = {}): NativeTracer {
  const tracer = addon.openTracer({ ringBytes, syscalls });
  scope.use({ end: () => tracer.close() });
  tracer.setFilter({ tgids: [], ports: [], netns: [netns.inode] });
  tracer.attach();
  return tracer;
}

/** Types of all records in the ring, taken through a buffer of this size. */
function drainAll(tracer: NativeTracer, bufferBytes: number): number[] {
  const decoder = new Decoder(new Batch(bufferBytes));
  const types: number[] = [];
  const note = (type: number) => types.push(type);
  const sink = {
    tcp: (e: { type: number }) => note(e.type),
    process: () => note(EVENT.PROCESS),
    exit: () => note(EVENT.PROCESS_EXIT),
  };
  for (let bytes = tracer.drain(decoder.batch.u8); bytes > 0; bytes = tracer.drain(decoder.batch.u8)) {
    expect(decoder.decode(bytes, sink)).toBe(bytes);
  }
  return types;
}

const tally = (types: readonly number[], type: number) => types.filter((it) => it === type).length;

async function churn(scope: Scope, netns: Netns, count: number): Promise<void> {
  const server = await churnServer(scope, netns, ['127.0.0.1:9000']);
  const client = await churnClient(scope, netns, { to: '127.0.0.1:9000', count });
  await client.done();
  await client.process.exited;
  settled(netns);
  await server.stop();
}

describe('the ring', () => {
  it.each([sizeOf('process_event'), 1536, 4096, 1 << 20])(
    'loses nothing when it is drained into %i bytes',
    async (bytes) => {
      const scope = testScope();
      const netns = Netns.create(scope);
      const tracer = open(scope, netns);
      await churn(scope, netns, 500);
      const types = drainAll(tracer, Math.ceil(bytes / 8) * 8);
      expect([EVENT.ESTABLISHED, EVENT.ACCEPTED, EVENT.CLOSED].map((type) => tally(types, type))).toEqual([
        500, 500, 1000,
      ]);
      expect(tracer.stats()).toMatchObject({
        ringLost: 0,
        foldOverflow: 0,
        identityLost: 0,
        storageFailures: 0,
      });
      expect(tracer.stats().events).toBe(types.filter((type) => type >= EVENT.CONNECT).length);
    },
  );

  it('announces each process before the first event that names it', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const tracer = open(scope, netns);
    await churn(scope, netns, 10);
    const known = new Set<number>([0]);
    const decoder = new Decoder(new Batch(1 << 16));
    const unknown: number[] = [];
    const named = (...ids: number[]) => {
      unknown.push(...ids.filter((id) => !known.has(id)));
    };
    const sink = {
      tcp: (event: { owner: number; closer: number }) => named(event.owner, event.closer),
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
    const tracer = open(scope, Netns.create(scope));
    const drain = () => tracer.drain(new Uint8Array(sizeOf('process_event') - 1));
    expect(drain).toThrow(
      expect.objectContaining({ code: 'EINVAL', errno: 22, operation: expect.stringMatching(/drain/) }),
    );
    expect(() => tracer.drain('nonsense' as unknown as Uint8Array)).toThrow();
  });

  it('gives the fold map in parts that fit', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const tracer = open(scope, netns, { ringBytes: 1 << 16 });
    await churn(scope, netns, 2000);
    const whole = new Uint8Array(1 << 16);
    const entry = sizeOf('fold_key') + 8;
    /* The machine goes on: a late event may be lost between two looks. */
    let lost: number;
    let bytes: number;
    do {
      lost = tracer.stats().ringLost;
      bytes = tracer.folds(whole);
    } while (tracer.stats().ringLost !== lost);
    expect(bytes % entry).toBe(0);
    expect(bytes).toBeGreaterThan(0);
    expect(tracer.folds(new Uint8Array(entry + 1))).toBe(entry);
    expect(tracer.folds(new Uint8Array(entry - 1))).toBe(0);
    const counts = new BigUint64Array(whole.buffer, 0, bytes / 8).filter(
      (_, i) => i % (entry / 8) === entry / 8 - 1,
    );
    expect(Number(counts.reduce((sum, count) => sum + count, 0n))).toBe(lost);
  });
});

describe('filters', () => {
  it('are replaced as a whole, and none is the same as everything', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const tracer = open(scope, netns);
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
    const tracer = open(scope, netns);
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

  it('leaves no BPF program behind, 20 times over', async () => {
    for (let i = 0; i < 20; i++) {
      const tracer = addon.openTracer({ ringBytes: 1 << 16, syscalls: i % 2 === 0 });
      tracer.attach();
      const ids = heldPrograms('self');
      expect(ids.length).toBeGreaterThan(0);
      tracer.close();
      expect(heldPrograms('self')).toEqual([]);
      if (i % 10 === 9) await programsGone(ids);
    }
  });

  it('of one tracer leaves another at work', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const [first, second] = [open(scope, netns), open(scope, netns)];
    first.close();
    await churn(scope, netns, 5);
    expect(tally(drainAll(second, 1 << 16), EVENT.CLOSED)).toBe(10);
  });
});
