/** A difference says nothing of entries that are unchanged in the kernel: the tables ask for what is changed in them. */
import { describe, expect, it } from 'vitest';
import { DumpDecoder } from '../../../../src/decode/dump.js';
import { DUMP_SOCKET_FLAG } from '../../../../src/decode/dump-layout.js';
import { EVENT } from '../../../../src/decode/layout.js';
import { announced, eventOf, outbound } from '../../../support/aggregate-world.js';
import { AuditSide } from '../../../support/audit-side.js';
import { addressBytes, batchOf, record } from '../../../support/records.js';
import { dumpBegin, dumpEnd, dumpGone, dumpSocket } from '../../decode/dump-records.js';

const NETNS = { netns_cookie: 1, netns_inum: 4_026_530_001 };
const [TIME_WAIT, TIMER_TIME_WAIT] = [6, 3];
const ends = {
  ...{ family: 2, laddr: addressBytes('10.0.0.1'), raddr: addressBytes('10.0.0.9') },
  rport: 5432,
};
const entry = (cookie: number, expires_ms = 30_000, lport = 40_000 + cookie) =>
  dumpSocket({
    ...{ ...ends, cookie, expires_ms, lport, state: TIME_WAIT, timer: TIMER_TIME_WAIT },
    flags: expires_ms === 0 ? 0 : DUMP_SOCKET_FLAG.KEPT,
  });

class Audited extends AuditSide {
  private generation = 0;

  /** One audit. @param meanwhile happens once its dump has begun. Returns what was asked for. */
  audit(records: readonly Uint8Array[], unchanged = 0, meanwhile: () => void = () => undefined) {
    this.reconciler.beginRound();
    const { base, again } = this.reconciler.request(NETNS.netns_inum, this.nowNs);
    const begin = dumpBegin({ ...NETNS, started_ns: this.nowNs, base });
    meanwhile();
    const end = dumpEnd({ unchanged, generation: ++this.generation });
    const { batch, length } = batchOf(begin, ...records, end);
    new DumpDecoder(batch).decode(length, this);
    this.endRound();
    this.world.pass(2000);
    return { base, again: [...again].filter((_, i) => i % 2 === 0) };
  }

  /** TIME_WAIT entries by their port. */
  get entries(): number[] {
    const { sockets } = this.world.aggregator;
    const slots = Array.from({ length: sockets.end }, (_, slot) => slot);
    return slots
      .filter((slot) => sockets.stateOf(slot) === TIME_WAIT)
      .map((slot) => sockets.portOf(slot) - 40_000)
      .sort();
  }

  expire(): void {
    this.world.aggregator.sockets.expire(this.nowNs);
  }
}

const audited = () => {
  const side = new Audited();
  side.audit([entry(1), entry(2), entry(3)]);
  return side;
};
const [namespaceOf] = [(side: Audited) => [...side.world.aggregator.namespaces.all()][0]];

describe('an audit by a difference', () => {
  it('keeps what is left out, and counts it', () => {
    const side = audited();
    expect(side.audit([], 3)).toEqual({ base: 1, again: [] });
    expect(side.entries).toEqual([1, 2, 3]);
    expect(namespaceOf(side)).toMatchObject({ timeWait: 3, states: new Map([[TIME_WAIT, 3]]) });
  });

  it('removes what has gone, and takes over a new timer', () => {
    const side = audited();
    side.audit([entry(2, 60_000), dumpGone({ cookie: 1 })], 1);
    side.world.pass(35_000);
    side.expire();
    expect(side.entries).toEqual([2]);
  });

  it('asks for an entry whose timer ended here, and believes the dump that still shows it', () => {
    const side = audited();
    side.world.pass(35_000);
    side.expire();
    expect(side.entries).toEqual([]);
    expect(side.audit([entry(1), entry(3, 0), dumpGone({ cookie: 2 })]).again.sort()).toEqual([1, 2, 3]);
    expect(side.entries).toEqual([1, 3]);
    expect(side.audit([entry(3, 0)], 1).again).toEqual([]);
    expect(side.audit([], 1).again).toEqual([]);
    expect(side.entries).toEqual([1]);
  });

  it('asks for an entry that an event removed, and has it again when the kernel has', () => {
    const side = audited();
    side.world.feed(announced(1));
    const taken = outbound({ cookie: 9 });
    side.world.feed(eventOf(taken, EVENT.ESTABLISHED, { lport: 40_002, newstate: 1, oldstate: 2 }));
    expect(side.entries).toEqual([1, 3]);
    const other = dumpSocket({ ...ends, cookie: 9, lport: 40_002, state: 1 });
    expect(side.audit([other, entry(2)], 2).again).toEqual([2]);
    expect(side.entries).toEqual([1, 2, 3]);
  });

  it('does not judge an entry that changed here while its dump ran', () => {
    const side = audited();
    side.world.pass(30_000);
    const { again } = side.audit([], 3, () => {
      side.world.pass(5000);
      side.expire();
    });
    expect([again, side.world.aggregator.sockets.size]).toEqual([[], 3]);
    expect(
      side.audit([entry(1, 20_000), dumpGone({ cookie: 2 }), dumpGone({ cookie: 3 })]).again.sort(),
    ).toEqual([1, 2, 3]);
    expect([side.entries, side.world.aggregator.sockets.size]).toEqual([[1], 1]);
  });

  it('asks for an entry whose owner becomes known', () => {
    const side = audited();
    side.world.feed(announced(1));
    side.lostOwner(record('lost_owner', { cookie: 2, owner: 1, owner_tgid: 1001, direction: 1 }));
    expect(side.audit([entry(2)], 2).again).toEqual([2]);
    expect(namespaceOf(side)).toMatchObject({ timeWait: 3, timeWaitAttributed: 1 });
  });

  it('counts an entry as taken over when the kernel says that it has gone', () => {
    const side = audited();
    const other = dumpSocket({ ...ends, cookie: 9, lport: 40_002, state: 1 });
    side.audit([other, dumpGone({ cookie: 2 })], 2);
    expect(side.entries).toEqual([1, 3]);
    expect(namespaceOf(side)).toMatchObject({ recycled: 1 });
  });

  it('keeps two entries of one tuple, which are bound to different devices', () => {
    const side = audited();
    for (let n = 0; n < 3; n++) side.audit(n === 0 ? [entry(9, 30_000, 40_002)] : [], n === 0 ? 3 : 4);
    expect(side.entries).toEqual([1, 2, 2, 3]);
    expect(namespaceOf(side)).toMatchObject({ recycled: 0 });
  });
});
