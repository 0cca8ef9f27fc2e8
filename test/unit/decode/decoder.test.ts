import { describe, expect, it } from 'vitest';
import { addressText } from '../../../src/decode/address.js';
import {
  Batch,
  type CgroupEvent,
  type ProcessEvent,
  type ProcessExitEvent,
  type TcpEvent,
} from '../../../src/decode/batch.js';
import { Decoder, type EventSink, FormatError } from '../../../src/decode/decoder.js';
import {
  CGROUP_OF_V1,
  DIRECTION,
  END,
  EVENT,
  FLAG,
  PROCESS_FLAG,
  RECORDS,
  sizeOf,
} from '../../../src/decode/layout.js';
import {
  addressBytes,
  batchOf,
  cgroupEvent,
  exitEvent,
  processEvent,
  record,
  tcpEvent,
} from '../../support/records.js';

/** Writes down what it is given, in words. */
class Notes implements EventSink {
  readonly lines: string[] = [];
  tcp(event: TcpEvent): void {
    this.lines.push(`tcp ${event.type} ${event.cookie}`);
  }
  cgroup(event: CgroupEvent): void {
    this.lines.push(`cgroup ${event.id} ${event.path}`);
  }
  process(event: ProcessEvent): void {
    this.lines.push(`process ${event.id} ${event.comm}`);
  }
  exit(event: ProcessExitEvent): void {
    this.lines.push(`exit ${event.id}`);
  }
}

const records = [
  cgroupEvent({ cgroup_id: 5n, path: 'b.service\0a.slice\0', path_len: 18 }),
  processEvent({ id: 7, comm: 'nginx' }),
  tcpEvent(EVENT.ESTABLISHED, { cookie: 1 }),
  tcpEvent(EVENT.CLOSED, { cookie: 1 }),
  exitEvent({ id: 7 }),
  tcpEvent(EVENT.TRANSITION, { cookie: 2 }),
];
const lines = ['cgroup 5 /a.slice/b.service', 'process 7 nginx', 'tcp 4 1', 'tcp 7 1', 'exit 7', 'tcp 9 2'];

describe('the decoder', () => {
  it('delivers the whole records of a batch cut at any byte, in order, and says where the rest begins', () => {
    const { batch, length } = batchOf(...records);
    const ends = records.map((_, i) => records.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0));
    for (let cut = 0; cut <= length; cut++) {
      const notes = new Notes();
      const whole = ends.filter((end) => end <= cut).length;
      expect(new Decoder(batch).decode(cut, notes)).toBe(ends[whole - 1] ?? 0);
      expect(notes.lines).toEqual(lines.slice(0, whole));
    }
  });

  it('is used again for the next batch in the same buffer', () => {
    const batch = new Batch(2048);
    const decoder = new Decoder(batch);
    const notes = new Notes();
    for (const record of records) {
      batch.u8.set(record);
      expect(decoder.decode(record.length, notes)).toBe(record.length);
    }
    expect(notes.lines).toEqual(lines);
  });

  const header = (type: number, size: number) =>
    Uint8Array.of(type & 255, type >> 8, size & 255, size >> 8, 0, 0, 0, 0);
  it.each([
    ['a type nobody knows', header(0x7fff, sizeOf('tcp_event'))],
    ['type 0', header(0, sizeOf('tcp_event'))],
    ['size 0, which would never end', header(EVENT.CLOSED, 0)],
    ['the size of another version', header(EVENT.CLOSED, sizeOf('tcp_event') + 8)],
    ['the size of another record', header(EVENT.PROCESS, sizeOf('tcp_event'))],
  ])('refuses %s, naming the place, after the records before it', (_, bytes) => {
    const good = tcpEvent(EVENT.CLOSED, { cookie: 5 });
    const { batch, length } = batchOf(good, bytes);
    const notes = new Notes();
    const decode = () => new Decoder(batch).decode(length, notes);
    expect(decode).toThrow(FormatError);
    expect(decode).toThrow(expect.objectContaining({ offset: good.length }));
    expect(notes.lines).toEqual(['tcp 7 5', 'tcp 7 5']);
  });
});

/** The only record of a batch, under its cursor. */
function only<E>(bytes: Uint8Array, pick: (sink: Partial<EventSink>, found: (event: E) => void) => void): E {
  const { batch, length } = batchOf(bytes);
  let seen: E | undefined;
  const sink = { tcp: () => {}, cgroup: () => {}, process: () => {}, exit: () => {} };
  pick(sink, (event) => {
    seen = event;
  });
  new Decoder(batch).decode(length, sink);
  return seen as E;
}
const onlyTcp = (bytes: Uint8Array) =>
  only<TcpEvent>(bytes, (sink, found) => {
    sink.tcp = found;
  });
const onlyProcess = (bytes: Uint8Array) =>
  only<ProcessEvent>(bytes, (sink, found) => {
    sink.process = found;
  });

describe('a connection event', () => {
  it('has every field of the record', () => {
    const event = onlyTcp(
      tcpEvent(EVENT.CLOSED, {
        tw_lifetime_ms: 59_900,
        time_ns: 2n ** 52n + 1n,
        cookie: 2n ** 63n + 5n,
        netns_cookie: 2n ** 32n + 2n,
        bytes_sent: 2n ** 40n,
        bytes_received: 2n ** 41n + 3n,
        duration_ns: 2n ** 50n,
        connect_us: 2 ** 32 - 1,
        netns_inum: 4026531840,
        owner: 3,
        owner_tgid: 4,
        closer: 5,
        closer_tgid: 6,
        laddr: addressBytes('10.1.2.3'),
        raddr: addressBytes('2001:db8::7'),
        lport: 65535,
        rport: 443,
        family: 10,
        direction: DIRECTION.IN,
        oldstate: 5,
        newstate: 7,
        err: 104,
        end: END.FIN_WAIT2,
        flags: FLAG.OPEN_OVERFLOWED | FLAG.CLOSED_FIRST,
        seq_mark: 2 ** 31,
      }),
    );
    expect(event).toMatchObject({
      type: EVENT.CLOSED,
      twLifetimeMs: 59_900,
      timeNs: 2 ** 52 + 1,
      cookie: 2n ** 63n + 5n,
      cookieLow: 5,
      cookieHigh: 2 ** 31,
      netnsCookie: 2n ** 32n + 2n,
      netnsLow: 2,
      netnsHigh: 1,
      bytesSent: 2 ** 40,
      bytesReceived: 2 ** 41 + 3,
      durationNs: 2 ** 50,
      connectUs: 2 ** 32 - 1,
      netnsInum: 4026531840,
      owner: 3,
      ownerTgid: 4,
      closer: 5,
      closerTgid: 6,
      localPort: 65535,
      remotePort: 443,
      family: 10,
      direction: DIRECTION.IN,
      oldState: 5,
      newState: 7,
      err: 104,
      end: END.FIN_WAIT2,
      flags: FLAG.OPEN_OVERFLOWED | FLAG.CLOSED_FIRST,
      seqMark: 2 ** 31,
    });
    expect([addressText(event.localBytes), addressText(event.remoteBytes)]).toEqual([
      '10.1.2.3',
      '2001:db8::7',
    ]);
    expect([0, 1, 2, 3].map((i) => event.localWord(i))).toEqual([0, 0, 0xffff0000, 0x0302010a]);
    expect(event.remoteWord(3)).toBe(0x07000000);
  });

  it('has a reader for every field of the record', () => {
    const readers = Object.getOwnPropertyNames(Object.getPrototypeOf(onlyTcp(tcpEvent(EVENT.CLOSED)))).length;
    const words = [
      'cookieLow',
      'cookieHigh',
      'netnsLow',
      'netnsHigh',
      'localWord',
      'remoteWord',
      'constructor',
    ];
    /* `size` is the decoder's own. */
    expect(readers - words.length).toBe(RECORDS.tcp_event.length - 1);
  });
});

describe('a process event', () => {
  it('has every field of the record', () => {
    const event = onlyProcess(
      processEvent({
        id: 9,
        time_ns: 5,
        start_ns: 2n ** 60n,
        cgroup_id: 2n ** 61n,
        netns_cookie: 2n ** 33n,
        tgid: 100,
        parent: 8,
        ppid: 99,
        uid: 1000,
        netns_inum: 77,
        flags: PROCESS_FLAG.FORKED,
        parent_start_ns: 2n ** 59n,
        comm: 'worker',
        parent_comm: 'master',
        exe: '/usr/sbin/nginx',
        cmdline: ['nginx', '-g', 'daemon off;'],
      }),
    );
    expect(event).toMatchObject({
      id: 9,
      timeNs: 5,
      startNs: 2n ** 60n,
      cgroupId: 2n ** 61n,
      netnsCookie: 2n ** 33n,
      tgid: 100,
      parent: 8,
      ppid: 99,
      uid: 1000,
      netnsInum: 77,
      flags: PROCESS_FLAG.FORKED,
      parentStartNs: 2n ** 59n,
      comm: 'worker',
      parentComm: 'master',
      exe: '/usr/sbin/nginx',
    });
    expect(Buffer.from(event.cmdline).toString()).toBe('nginx\0-g\0daemon off;\0');
  });

  it('keeps a copy of the command line, since the buffer is used again', () => {
    const { batch, length } = batchOf(processEvent({ cmdline: ['one'] }));
    const kept: Uint8Array[] = [];
    const sink = {
      tcp: () => {},
      cgroup: () => {},
      exit: () => {},
      process: (event: ProcessEvent) => {
        kept.push(event.cmdline);
      },
    };
    new Decoder(batch).decode(length, sink);
    batch.u8.fill(0);
    expect(kept.map((bytes) => Buffer.from(bytes).toString())).toEqual(['one\0']);
  });

  it('has no exe when the process had none, and takes a name of 16 bytes without an end', () => {
    expect(onlyProcess(processEvent({})).exe).toBe('');
    expect(onlyProcess(processEvent({ comm: 'sixteen-bytes-xy' })).comm).toBe('sixteen-bytes-xy');
  });

  it('shows bytes that are no text as replacement characters, and UTF-8 as it is', () => {
    expect(onlyProcess(processEvent({ comm: 'naïve' })).comm).toBe('naïve');
    expect(onlyProcess(processEvent({ comm: Uint8Array.of(0x61, 0xff, 0x62) })).comm).toBe('a\ufffdb');
    expect(onlyProcess(processEvent({ exe: '/opt/é/ü' })).exe).toBe('/opt/é/ü');
  });

  it('never reads beyond the record, whatever lengths it claims', () => {
    const claims = { exe: '/a', cmdline: ['b'], exe_len: 65535, cmdline_len: 65535 };
    const { batch } = batchOf(processEvent(claims), tcpEvent(EVENT.CLOSED));
    let exe = '';
    let bytes = 0;
    const sink = {
      tcp: () => {},
      cgroup: () => {},
      exit: () => {},
      process: (event: ProcessEvent) => {
        exe = event.exe;
        bytes = event.cmdline.length;
      },
    };
    new Decoder(batch).decode(sizeOf('process_event'), sink);
    expect(bytes).toBe(1024);
    expect(exe.endsWith('/a')).toBe(true);
  });
});

describe('the event of a control group', () => {
  const event = (fields: object) =>
    only<CgroupEvent>(cgroupEvent(fields), (sink, found) => {
      sink.cgroup = found;
    });

  it('has "/" for the root, and no path where that had no room', () => {
    expect(event({ cgroup_id: 1n })).toMatchObject({ id: 1n, path: '/' });
    expect(event({ cgroup_id: 9n, path: 'a\0', path_len: 2, cut: 1 })).toMatchObject({ id: 9n, path: null });
  });

  it('is of version 1 by the highest bit of its id', () => {
    expect(event({ cgroup_id: CGROUP_OF_V1 | 7n }).id - CGROUP_OF_V1).toBe(7n);
  });
});

describe('an exit event', () => {
  it('has process and time', () => {
    const event = only<ProcessExitEvent>(
      record('process_exit_event', { type: EVENT.PROCESS_EXIT, size: 24, id: 4, time_ns: 6 }),
      (sink, found) => {
        sink.exit = found;
      },
    );
    expect(event).toMatchObject({ id: 4, timeNs: 6 });
  });
});
