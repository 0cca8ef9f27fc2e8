/**
 * Hostile input for a bounded time: bytes for the decoders of events and audits, text for the filter grammar. Each run takes
 * other input; the seed is printed, and TEST_SEED repeats it.
 */
import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Batch } from '../../../src/decode/batch.js';
import { Decoder, FormatError } from '../../../src/decode/decoder.js';
import { DumpDecoder, type DumpSink } from '../../../src/decode/dump.js';
import { DUMP } from '../../../src/decode/dump-layout.js';
import { DumpTexts } from '../../../src/decode/dump-texts.js';
import { EVENT, sizeOf } from '../../../src/decode/layout.js';
import { PortchurnError } from '../../../src/protocol/errors.js';
import { type Filter, parseFilter } from '../../../src/query/filter/parse.js';
import { World } from '../../support/aggregate-world.js';
import { type Random, random } from '../../support/random.js';
import { dumpBegin, dumpEnd, dumpGone, dumpSocket, dumpText } from '../decode/dump-records.js';
import { budget, event, failure, flow, proc, totals } from '../publish/rows.js';

const SEED = Number(process.env.TEST_SEED ?? randomInt(2 ** 31));
const FOR_MS = 3000;
console.log(`TEST_SEED=${SEED}`);

const pick = <T>(next: Random, from: readonly T[]): T => from[next(from.length)] as T;

/** Rounds until the time is over; returns how many. */
function forAWhile(round: (next: Random) => void): number {
  const next = random(SEED);
  const until = performance.now() + FOR_MS;
  let rounds = 0;
  for (; performance.now() < until; rounds++) round(next);
  return rounds;
}

/** Calls every getter of a cursor, as a reader that wants everything does. */
function readAll(cursor: object): void {
  const prototype = Object.getPrototypeOf(cursor);
  for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(prototype)))
    if (get) void (cursor as Record<string, unknown>)[name];
}

const SIZES = new Map<number, number>([
  [EVENT.PROCESS, sizeOf('process_event')],
  [EVENT.PROCESS_EXIT, sizeOf('process_exit_event')],
  [EVENT.CGROUP, sizeOf('cgroup_event')],
  ...Object.values(EVENT)
    .filter((type) => type >= EVENT.CONNECT && type <= EVENT.COALESCED)
    .map((type): [number, number] => [type, sizeOf('tcp_event')]),
]);

/** Its type and size as they are, everything else anything. */
function filled(record: Uint8Array, next: Random): Uint8Array {
  const bytes = Uint8Array.from(record);
  for (let at = 4; at < bytes.length; at++) if (next(3) > 0) bytes[at] = next(256);
  return bytes;
}

function someEvent(next: Random): Uint8Array {
  const type = pick(next, [...SIZES.keys()]);
  const bytes = Buffer.alloc(SIZES.get(type) as number);
  bytes.writeUInt16LE(type, 0);
  bytes.writeUInt16LE(bytes.length, 2);
  return filled(bytes, next);
}

function someAudit(next: Random): Uint8Array {
  const file = next(40);
  const text = 'x'.repeat(next(300));
  return filled(pick(next, [dumpBegin(), dumpSocket(), dumpGone(), dumpEnd(), dumpText(file, text)]), next);
}

/** Records one after the other, some of them with a damaged header, cut somewhere. */
function bytesOf(next: Random, record: (next: Random) => Uint8Array): { batch: Batch; length: number } {
  const all = Buffer.concat(Array.from({ length: next(6) }, () => record(next)));
  for (let i = next(3); i > 0 && all.length > 0; i--) all[next(all.length)] = next(256);
  const batch = new Batch(Math.ceil(all.length / 8) * 8);
  batch.u8.set(all);
  return { batch, length: next(2) === 0 ? all.length : next(all.length + 1) };
}

interface Walk {
  records: number;
  end: number;
  refused: boolean;
}

/** What a decoder has to make of these bytes, by their headers alone. */
function walk(
  { batch, length }: { batch: Batch; length: number },
  fits: (type: number, size: number) => boolean,
): Walk {
  const view = new DataView(batch.u8.buffer);
  let [at, records] = [0, 0];
  for (; at + 4 <= length; records++) {
    const [type, size] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (!fits(type, size)) return { records, end: at, refused: true };
    if (at + size > length) break;
    at += size;
  }
  return { records, end: at, refused: false };
}

/** Decodes and says how it ended, in the same terms. Whatever else is thrown is thrown on. */
function outcome(decode: () => number, count: () => number): Walk {
  try {
    const end = decode();
    return { records: count(), end, refused: false };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { records: count(), end: error.offset, refused: true };
  }
}

describe('the decoder', () => {
  it('of events gives every whole record before the first that cannot be, and nothing else', () => {
    const rounds = forAWhile((next) => {
      const bytes = bytesOf(next, someEvent);
      let seen = 0;
      const count = (cursor: object) => {
        readAll(cursor);
        seen++;
      };
      const decode = () =>
        new Decoder(bytes.batch).decode(bytes.length, {
          tcp: count,
          cgroup: count,
          process: count,
          exit: count,
        });
      expect(outcome(decode, () => seen)).toEqual(walk(bytes, (type, size) => SIZES.get(type) === size));
    });
    expect(rounds).toBeGreaterThan(100);
  });

  it('of audits too, and a text stays inside its record', () => {
    const sizes = new Map(
      [dumpBegin(), dumpSocket(), dumpGone(), dumpEnd()].map((one) => [one[0] as number, one.length]),
    );
    const fits = (type: number, size: number) =>
      type === DUMP.TEXT ? size >= dumpText(0, '').length && size % 8 === 0 : sizes.get(type) === size;
    const rounds = forAWhile((next) => {
      const bytes = bytesOf(next, someAudit);
      const texts = new DumpTexts();
      let seen = 0;
      const count = (cursor: object) => {
        readAll(cursor);
        seen++;
      };
      const text: DumpSink['text'] = (piece) => {
        count(piece);
        texts.add(piece);
        expect(piece.text.length).toBeLessThan(bytes.length);
      };
      const decode = () =>
        new DumpDecoder(bytes.batch).decode(bytes.length, {
          begin: count,
          socket: count,
          gone: count,
          text,
          end: count,
        });
      expect(outcome(decode, () => seen)).toEqual(walk(bytes, fits));
    });
    expect(rounds).toBeGreaterThan(100);
  });

  it('hands tables nothing that breaks them, whatever the fields hold', () => {
    const next = random(SEED);
    const world = new World();
    for (let i = 0; i < 5000; i++) {
      world.feed(someEvent(next));
      if (i % 100 === 0) world.settle();
    }
    world.settle();
    const rows = world.flows();
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(rows))).toHaveLength(rows.length);
  });
});

const ROWS = [
  flow('a', { process: proc({ pid: 200, comm: 'curl', cmdline: 'curl -s "a b"' }) }),
  flow('b', { destination: { address: '2001:db8::9', port: 443 }, direction: 'in', timeWait: 5000 }),
  flow('c', { process: proc({ pid: null, comm: null, exe: null, cmdline: null }), netns: null }),
  totals('n', { netns: 5 }),
  budget('b'),
  failure('f'),
  event({ direction: 'in', end: null }),
];
/** Pieces of words; put together they are right as often as wrong. */
const PIECES = [
  ...[
    'pid:',
    'process:',
    'dst:',
    'src:',
    'port:',
    'netns:',
    'state:',
    'errno:',
    'dir:',
    'timeWait:',
    'lifetimeMs.p99:',
  ],
  ...[
    '200',
    '>1',
    '<',
    'in',
    'time-wait',
    'curl',
    '*',
    '10.0.0.0/8',
    '::1',
    '[::1]:80',
    ':443',
    '2001:db8::/32',
  ],
  ...[
    '/',
    '(a|b)',
    '[a-',
    '+',
    '\\',
    '"',
    '\\"',
    '!',
    ':',
    '€',
    '\u{1f600}',
    '\ud800',
    '\u0000',
    'x'.repeat(200),
  ],
];

function someWord(next: Random): string {
  return `${next(4) === 0 ? '!' : ''}${Array.from({ length: 1 + next(4) }, () => pick(next, PIECES)).join('')}`;
}

/** Null: refused, with a column inside the text. */
function parsed(text: string): Filter | null {
  try {
    return parseFilter(text);
  } catch (error) {
    if (!(error instanceof PortchurnError) || error.code !== 'BAD_FILTER') throw error;
    expect(error.column, text).toBeGreaterThan(0);
    expect(error.column, text).toBeLessThanOrEqual(text.length + 1);
    return null;
  }
}

const hits = (filter: Filter) => ROWS.map((row) => filter.matches(row));

describe('the filter grammar', () => {
  it('ANDs words, negates by "!", and refuses the rest by its column', () => {
    let understood = 0;
    const rounds = forAWhile((next) => {
      const [one, other] = [someWord(next), someWord(next)];
      const [left, right, both] = [parsed(one), parsed(other), parsed(`${one} ${other}`)];
      const negated = one.startsWith('!') ? parsed(one.slice(1)) : parsed(`!${one}`);
      if (left && negated && !one.startsWith('!!'))
        expect(hits(negated), one).toEqual(hits(left).map((hit) => !hit));
      if (!left || !right || one.includes('"') || other.includes('"')) return;
      understood++;
      expect(both && hits(both), `${one} ${other}`).toEqual(
        hits(left).map((hit, i) => hit && hits(right)[i]),
      );
    });
    console.log(`${rounds} pairs of words, ${understood} understood`);
    expect(understood).toBeGreaterThan(rounds / 100);
  });
});
