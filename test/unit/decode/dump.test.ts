import { describe, expect, it } from 'vitest';
import { addressText } from '../../../src/decode/address.js';
import { FormatError } from '../../../src/decode/decoder.js';
import {
  type DumpBegin,
  DumpDecoder,
  type DumpEnd,
  type DumpGone,
  type DumpSink,
  type DumpSocket,
  type DumpText,
} from '../../../src/decode/dump.js';
import { DUMP, DUMP_TEXT_FLAG, dumpSizeOf } from '../../../src/decode/dump-layout.js';
import { DumpTexts } from '../../../src/decode/dump-texts.js';
import { addressBytes, batchOf } from '../../support/records.js';
import { dumpBegin, dumpEnd, dumpGone, dumpSocket, dumpText } from './dump-records.js';

/** Writes down what it is given; `look` sees each cursor while it stands. */
class Notes implements DumpSink {
  readonly lines: string[] = [];
  begin(begin: DumpBegin): void {
    this.lines.push(`begin ${begin.id}`);
  }
  socket(socket: DumpSocket): void {
    this.lines.push(`socket ${socket.cookie}`);
  }
  gone({ cookieLow, cookieHigh }: DumpGone): void {
    this.lines.push(`gone ${cookieHigh} ${cookieLow}`);
  }
  text(text: DumpText): void {
    this.lines.push(`text ${text.file} ${text.text}`);
  }
  end(end: DumpEnd): void {
    this.lines.push(`end ${end.id}`);
  }
}

const records = [
  dumpBegin({ id: 7 }),
  dumpSocket({ cookie: 1 }),
  dumpSocket({ cookie: 2 }),
  dumpGone({ cookie: (3n << 32n) | 4n }),
  dumpText('tcp_tw_reuse', '2\n'),
  dumpText('sockstat', 'TCP: inuse 5'),
  dumpEnd({ id: 7 }),
];
const lines = [
  'begin 7',
  'socket 1',
  'socket 2',
  'gone 3 4',
  'text tcp_tw_reuse 2\n',
  'text sockstat TCP: inuse 5',
  'end 7',
];
const ends = records.map((_, i) => records.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0));

describe('the dump decoder', () => {
  it('delivers the whole records of a batch cut at any byte, in order, and says where the rest begins', () => {
    const { batch, length } = batchOf(...records);
    for (let cut = 0; cut <= length; cut++) {
      const notes = new Notes();
      const whole = ends.filter((end) => end <= cut).length;
      expect(new DumpDecoder(batch).decode(cut, notes)).toBe(ends[whole - 1] ?? 0);
      expect(notes.lines).toEqual(lines.slice(0, whole));
    }
  });

  it('goes on where it stopped, however short the steps', () => {
    const { batch, length } = batchOf(...records);
    const decoder = new DumpDecoder(batch);
    const notes = new Notes();
    let at = 0;
    for (let upTo = 0; upTo <= length; upTo += 8) at = decoder.decode(upTo, notes, at);
    expect(at).toBe(length);
    expect(notes.lines).toEqual(lines);
  });

  const header = (type: number, size: number) =>
    Uint8Array.of(type & 255, type >> 8, size & 255, size >> 8, 0, 0, 0, 0);
  it.each([
    ['a type nobody knows', header(0x7fff, 64)],
    ['an event', header(7, 136)],
    ['a socket of size 0, which would never end', header(DUMP.SOCKET, 0)],
    ['a socket of another version', header(DUMP.SOCKET, 72)],
    ['a begin of the size of an end', header(DUMP.BEGIN, dumpSizeOf('dump_end'))],
    ['an end of the size of a begin', header(DUMP.END, dumpSizeOf('dump_begin'))],
    ['a text shorter than its header', header(DUMP.TEXT, 8)],
    ['a text that would misalign what follows', header(DUMP.TEXT, 20)],
  ])('refuses %s, naming the place, after the records before it', (_, bytes) => {
    const good = dumpSocket({ cookie: 5 });
    const { batch, length } = batchOf(good, bytes);
    const notes = new Notes();
    const decode = () => new DumpDecoder(batch).decode(length, notes);
    expect(decode).toThrow(FormatError);
    expect(decode).toThrow(expect.objectContaining({ offset: good.length }));
    expect(notes.lines).toEqual(['socket 5', 'socket 5']);
  });
});

/** What `look` makes of the only record while its cursor stands. */
function seen<T>(bytes: Uint8Array, look: Partial<Record<keyof DumpSink, (cursor: never) => T>>): T[] {
  const found: T[] = [];
  const call = (name: keyof DumpSink) => (cursor: unknown) => {
    const value = look[name]?.(cursor as never);
    if (value !== undefined) found.push(value);
  };
  const { batch, length } = batchOf(dumpEnd(), bytes);
  const sink = {
    begin: call('begin'),
    socket: call('socket'),
    gone: () => {},
    text: call('text'),
    end: () => {},
  };
  new DumpDecoder(batch).decode(length, look.end ? { ...sink, end: call('end') } : sink);
  return found;
}

describe('a cursor', () => {
  it('reads a begin', () => {
    const fields = { id: 4_000_000_000, started_ns: 2n ** 52n, netns_cookie: (9n << 32n) | 3n };
    const bytes = dumpBegin({
      ...fields,
      netns_inum: 4_026_531_833,
      error: 13,
      base: 3_000_000_000,
      owner_uid: 1000,
    });
    const look = (b: DumpBegin) => [
      b.id,
      b.startedNs,
      b.netnsCookie,
      b.netnsLow,
      b.netnsHigh,
      b.netnsInum,
      b.error,
      b.basedOn,
      b.ownerUid,
    ];
    expect(seen(bytes, { begin: look })).toEqual([
      [4_000_000_000, 2 ** 52, (9n << 32n) | 3n, 3, 9, 4_026_531_833, 13, 3_000_000_000, 1000],
    ]);
    const unknown = dumpBegin({ owner_uid: 0xffff_ffff });
    expect(seen(unknown, { begin: ({ ownerUid }: DumpBegin) => ownerUid })).toEqual([null]);
  });

  it('reads a socket', () => {
    const bytes = dumpSocket({
      state: 6,
      timer: 3,
      family: 10,
      cookie: (7n << 32n) | 0xffff_fff0n,
      laddr: addressBytes('10.0.0.1'),
      raddr: addressBytes('2001:db8::1'),
      lport: 65_535,
      rport: 443,
      expires_ms: 59_996,
      uid: 1000,
      inode: 4_294_967_295,
    });
    const look = (s: DumpSocket) => ({
      numbers: [s.state, s.timer, s.family, s.localPort, s.remotePort, s.expiresMs, s.uid, s.inode],
      cookie: [s.cookie, s.cookieLow, s.cookieHigh],
      ends: [addressText(s.localBytes), addressText(s.remoteBytes), s.localWord(3), s.remoteWord(0)],
      kind: [s.isMini, s.isRequest],
    });
    expect(seen(bytes, { socket: look })).toEqual([
      {
        numbers: [6, 3, 10, 65_535, 443, 59_996, 1000, 4_294_967_295],
        cookie: [(7n << 32n) | 0xffff_fff0n, 0xffff_fff0, 7],
        ends: ['10.0.0.1', '2001:db8::1', 0x0100_000a, 0xb80d_0120],
        kind: [true, false],
      },
    ]);
  });

  it.each([
    ['a request', { state: 3, timer: 1, flags: 1 }, [false, true, false]],
    ['a full socket', { state: 5, timer: 1 }, [false, false, false]],
    ['a FIN_WAIT2 mini-socket', { state: 5, timer: 3 }, [true, false, false]],
    ['an entry that later dumps may leave out', { state: 6, timer: 3, flags: 2 }, [true, false, true]],
  ])('tells %s', (_, fields, kind) => {
    const look = (s: DumpSocket) => [s.isMini, s.isRequest, s.isKept];
    expect(seen(dumpSocket(fields), { socket: look })).toEqual([kind]);
  });

  it('reads an end', () => {
    const bytes = dumpEnd({
      id: 9,
      ended_ns: 123_456_789_012n,
      sockets: 50_000,
      error: 11,
      unchanged: 200_000,
      generation: 4_000_000_000,
    });
    const look = (e: DumpEnd) => [e.id, e.endedNs, e.sockets, e.error, e.unchanged, e.generation].join();
    expect(seen(bytes, { end: look })).toEqual(['0,0,0,0,0,0', '9,123456789012,50000,11,200000,4000000000']);
  });
});

/** All of these records, put together. */
function textsOf(...bytes: Uint8Array[]): DumpTexts {
  const texts = new DumpTexts();
  const { batch, length } = batchOf(...bytes);
  const sink = { ...new Notes(), begin: () => {}, socket: () => {}, gone: () => {}, end: () => {} };
  new DumpDecoder(batch).decode(length, { ...sink, text: (piece) => texts.add(piece) });
  return texts;
}

describe('the texts of a namespace', () => {
  const [LAST, CUT] = [DUMP_TEXT_FLAG.LAST, DUMP_TEXT_FLAG.LAST | DUMP_TEXT_FLAG.CUT];

  it('are put together from their pieces', () => {
    const texts = textsOf(
      dumpText('snmp', 'Tcp: '),
      dumpText('ip_local_reserved_ports', '1,3,', { flags: 0 }),
      dumpText('ip_local_reserved_ports', '5,7', { offset: 4, flags: 0 }),
      dumpText('ip_local_reserved_ports', ',9\n', { offset: 7, flags: LAST }),
      dumpText('tcp_tw_reuse', '2\n'),
    );
    expect(texts.get('ip_local_reserved_ports')).toBe('1,3,5,7,9\n');
    expect(texts.all()).toMatchObject({ snmp: 'Tcp: ', tcp_tw_reuse: '2\n' });
  });

  it('are null where the kernel has no file, and empty where the file is', () => {
    const texts = textsOf(dumpText('netstat', ''));
    expect(texts.get('netstat')).toBe('');
    expect(texts.get('tcp_tw_reuse_delay')).toBeNull();
    expect(texts.all().tcp_tw_reuse_delay).toBeNull();
  });

  it('say when they were cut', () => {
    const texts = textsOf(dumpText('netstat', 'a', { flags: CUT }), dumpText('snmp', 'b'));
    expect([texts.isCut('netstat'), texts.isCut('snmp')]).toEqual([true, false]);
  });

  it('do not mix a file that broke off with the next one', () => {
    const texts = textsOf(dumpText('netstat', 'half', { flags: 0 }), dumpText('snmp', 'whole'));
    expect([texts.get('netstat'), texts.get('snmp')]).toEqual([null, 'whole']);
  });

  it('leave out a file of a later version', () => {
    expect(Object.values(textsOf(dumpText(200, 'x')).all()).every((text) => text === null)).toBe(true);
  });

  it('are gone after clear()', () => {
    const texts = textsOf(dumpText('netstat', 'a', { flags: CUT }));
    texts.clear();
    expect([texts.get('netstat'), texts.isCut('netstat')]).toEqual([null, false]);
  });
});
