/**
 * Audits by differences and by whole dumps of the same sockets, at random: whatever happens, the tables are the same after the next
 * audit during which nothing happens. The dumper's own encoder makes the differences. TEST_SEED repeats a run.
 */
import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isTimeWait } from '../../src/aggregate/model/socket-state.js';
import { DumpDecoder } from '../../src/decode/dump.js';
import { dumpOffsetsOf } from '../../src/decode/dump-layout.js';
import { announced } from '../support/aggregate-world.js';
import { AuditSide } from '../support/audit-side.js';
import { type Random, random } from '../support/random.js';
import { batchOf } from '../support/records.js';
import { fileScope } from '../support/scope.js';
import { dumpBegin, dumpEnd, dumpSocket } from '../unit/decode/dump-records.js';
import { Differ } from './differ.js';
import { ImaginedKernel } from './imagined-kernel.js';

const SEED = Number(process.env.TEST_SEED ?? randomInt(2 ** 31));
const FOR_MS = 8000;
const STEPS = 30;
/** Two deadlines are one when they are this close, ns: as the dumper says. */
const SAME_NS = 1.1e9;
const EAGAIN = 11;
/** Of a namespace, beside its cookie, as events of test/support/aggregate-world.ts have it. */
const INODE = 4_026_530_000;
console.log(`TEST_SEED=${SEED}`);

function take(side: AuditSide, bytes: Uint8Array): void {
  const { batch, length } = batchOf(bytes);
  new DumpDecoder(batch).decode(length, side);
}

class Run {
  readonly whole = new AuditSide();
  readonly difference = new AuditSide();
  private readonly kernels: ImaginedKernel[];

  constructor(
    private readonly differ: Differ,
    private readonly next: Random,
    firstNetns: number,
  ) {
    for (const { world } of this.sides) world.feed(announced(1), announced(2));
    const lost = next(3) * 10;
    this.kernels = [firstNetns, firstNetns + 1].map((netns) => new ImaginedKernel(netns, next, lost));
  }

  private get sides(): AuditSide[] {
    return [this.whole, this.difference];
  }

  pass(): void {
    const ms = this.next(4) === 0 ? this.next(6000) : this.next(2000);
    for (const { world } of this.sides) world.pass(ms);
  }

  /** Events reach both alike, in the order in which they came. */
  happen(most: number, among = this.kernels): void {
    if (most === 0) return;
    for (let n = this.next(most + 1); n > 0; n--) {
      const kernel = among[this.next(among.length)] as ImaginedKernel;
      const events = kernel.happen(this.whole.nowNs);
      for (const { world } of this.sides) world.feed(...events);
    }
    if (this.next(3) === 0) this.loseOwner();
    if (this.next(2) === 0)
      for (const { world, nowNs } of this.sides) world.aggregator.sockets.expire(nowNs - 1e9);
  }

  private loseOwner(): void {
    const record = this.kernels[0]?.lostOwner() as Uint8Array;
    for (const side of this.sides) side.lostOwner(record);
  }

  /** @param mayFail its dumps may end early; @param meanwhile things that happen between its begin and its records */
  async audit(mayFail: boolean, meanwhile: number): Promise<void> {
    for (const { reconciler } of this.sides) reconciler.beginRound();
    const due = this.kernels.filter(() => this.next(8) > 0 || meanwhile === 0);
    for (const kernel of due) {
      const startedNs = this.whole.nowNs;
      const request = this.difference.reconciler.request(INODE + kernel.netns, startedNs);
      this.happen(meanwhile, [kernel]);
      const sockets = kernel.shown(this.whole.nowNs, startedNs, this.next(40) * 1e6);
      this.happen(meanwhile, [kernel]);
      const error = mayFail && this.next(6) === 0 ? EAGAIN : 0;
      const { netns } = kernel;
      const inode = INODE + netns;
      take(this.difference, await this.differ.dump({ netns, inode, startedNs, ...request, sockets, error }));
      const begin = dumpBegin({ started_ns: startedNs, netns_cookie: netns, netns_inum: inode });
      take(this.whole, Buffer.concat([begin, ...sockets, dumpEnd({ error, sockets: sockets.length })]));
    }
    for (const side of this.sides) side.endRound();
  }

  /** What both have, and the kernel. */
  compare(what: string): void {
    expect(this.difference.reported(), what).toEqual(this.whole.reported());
    const [has, should] = [this.difference, this.whole].map(({ world }) => world.aggregator.sockets);
    for (const { sockets } of this.kernels)
      for (const { cookie, state, deadlineNs } of sockets.values()) {
        const [low, high] = [cookie % 2 ** 32, Math.floor(cookie / 2 ** 32)];
        const slots = [has, should].map((table) => table?.find(low, high) ?? -1);
        expect(
          slots.every((slot) => slot >= 0),
          `${what}: ${cookie} in state ${state}`,
        ).toBe(true);
        const kept = has?.deadlineOf(slots[0] as number) ?? 0;
        if (!isTimeWait(has?.stateOf(slots[0] as number) ?? 0) || deadlineNs < this.whole.nowNs) continue;
        expect(Math.abs(kept - deadlineNs), `${what}: deadline of ${cookie}`).toBeLessThan(SAME_NS);
      }
  }
}

const scope = fileScope();

describe('audits by differences', () => {
  it('make the same tables as whole dumps', async () => {
    const differ = scope.use(new Differ());
    const until = performance.now() + FOR_MS;
    let [runs, handedOver, leftOut] = [0, 0, 0];
    for (; performance.now() < until; runs++) {
      const run = new Run(differ, random(SEED + runs), 1 + 2 * runs);
      for (let step = 0; step < STEPS; step++) {
        run.happen(25);
        run.pass();
        await run.audit(true, 3);
        run.pass();
        await run.audit(false, 0);
        run.compare(`run ${runs} of seed ${SEED}, step ${step}`);
      }
      handedOver += run.difference.handedOver;
      leftOut += run.difference.leftOut;
    }
    console.log(`${runs} runs of ${2 * STEPS} audits: ${handedOver} handed over, ${leftOut} left out`);
    expect(runs).toBeGreaterThan(1);
    expect(leftOut).toBeGreaterThan(handedOver / 4);
  });

  it('leave out no more than there is room for, which others give back', async () => {
    const differ = scope.use(new Differ());
    const dump = async (netns: number, entries: number, base: number, ends = netns * 2 ** 20) => {
      const sockets = [entriesFrom(ends, entries)];
      return reported(
        await differ.dump({ netns, startedNs: 1e12, base, again: new Uint32Array(0), sockets }),
      );
    };
    const first = await dump(1, 100_000, 0);
    expect(first).toMatchObject({ kept: 100_000, shown: 100_000 });
    /* Of the 2^20 slots 2^18 are taken: a table of 2^19 fits, which is full with three quarters of it. */
    const most = (2 ** 19 * 3) / 4;
    const second = await dump(2, 450_000, 0);
    expect(second).toMatchObject({ shown: 450_000, unchanged: 0 });
    expect(second.kept).toBeGreaterThan(most - 2);
    expect(second.kept).toBeLessThanOrEqual(most);
    const again = await dump(2, 450_000, second.generation);
    expect(again).toMatchObject({ unchanged: second.kept, shown: 450_000 - second.kept, kept: 0, gone: 0 });
    const others = await dump(2, 100_000, again.generation, 2 ** 30);
    expect(others).toMatchObject({ unchanged: 0, shown: 100_000, gone: second.kept });
    const after = await dump(1, 100_000, first.generation);
    expect(after).toMatchObject({ unchanged: 100_000, shown: 0 });
  });
});

/** TIME_WAIT entries with these cookies, one after the other. */
function entriesFrom(cookie: number, count: number): Uint8Array {
  const entry = dumpSocket({ state: 6, timer: 3, expires_ms: 30_000 });
  const all = Buffer.alloc(entry.length * count, entry);
  const at = dumpOffsetsOf('dump_socket').cookie;
  for (let n = 0; n < count; n++) all.writeUInt32LE(cookie + n + 1, n * entry.length + at);
  return all;
}

function reported(records: Uint8Array) {
  const found = { shown: 0, kept: 0, gone: 0, unchanged: 0, generation: 0 };
  const { batch, length } = batchOf(records);
  new DumpDecoder(batch).decode(length, {
    begin: () => undefined,
    socket: ({ isKept }) => {
      found.shown += 1;
      found.kept += isKept ? 1 : 0;
    },
    gone: () => {
      found.gone += 1;
    },
    text: () => undefined,
    end: ({ unchanged, generation }) => Object.assign(found, { unchanged, generation }),
  });
  return found;
}
