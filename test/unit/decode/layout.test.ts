import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CMDLINE_HEAD,
  CMDLINE_LEN,
  DIRECTION,
  END,
  EVENT,
  EVENT_FORMAT,
  FAILURE_FLAG,
  FLAG,
  offsetsOf,
  PROCESS_FLAG,
  RECORDS,
  type RecordName,
  sizeOf,
} from '../../../src/decode/layout.js';
import { END_NAMES } from '../../../src/protocol/rows.js';

/** bpf/tcp_event.h read as a compiler would lay it out: no toolchain needed. */
const header = readFileSync(new URL('../../../bpf/tcp_event.h', import.meta.url), 'utf8').replace(
  /\/\*[\s\S]*?\*\//g,
  '',
);
const ELEMENT_BYTES: Record<string, number> = { __u8: 1, char: 1, __u16: 2, __u32: 4, __u64: 8 };

interface Field {
  name: string;
  /** Alignment: bytes of one element. */
  element: number;
  bytes: number;
}

function macro(name: string): number {
  const value = new RegExp(`^#define ${name} (\\d+)$`, 'm').exec(header)?.[1];
  if (value === undefined) throw new Error(`no #define ${name}`);
  return Number(value);
}

function fieldsOf(struct: string): Field[] {
  const body = new RegExp(`struct ${struct} \\{([^}]*)\\};`).exec(header)?.[1] ?? '';
  return body
    .split(';')
    .map((line) => line.trim())
    .filter(Boolean)
    .map(parseField);
}

function parseField(line: string): Field {
  const match = /^(\w+) (\w+)(?:\[(\w+)\])?$/.exec(line);
  const element = ELEMENT_BYTES[match?.[1] ?? ''];
  if (!match || element === undefined) throw new Error(`cannot read the field "${line}"`);
  const [, , name = '', length = '1'] = match;
  return { name, element, bytes: element * (/^\d+$/.test(length) ? Number(length) : macro(length)) };
}

function placed(fields: readonly Field[]): { offsets: [string, number][]; size: number } {
  let at = 0;
  const offsets = fields.map(({ name, element, bytes }): [string, number] => {
    at = Math.ceil(at / element) * element;
    at += bytes;
    return [name, at - bytes];
  });
  const align = Math.max(...fields.map(({ element }) => element));
  return { offsets, size: Math.ceil(at / align) * align };
}

/** The enum's constants without their prefix. */
function enumOf(name: string, prefix: string): Record<string, number> {
  const body = new RegExp(`enum ${name} \\{([^}]*)\\};`).exec(header)?.[1] ?? '';
  const entries = body
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean)
    .map((entry) => /^(\w+)\s*=\s*(\d+)(?:\s*<<\s*(\d+))?$/.exec(entry));
  return Object.fromEntries(
    entries.map((match) => [match?.[1]?.replace(prefix, ''), Number(match?.[2]) << Number(match?.[3] ?? 0)]),
  );
}

const structs = [...header.matchAll(/^struct (\w+) \{/gm)].map((match) => match[1] as RecordName);

describe('the event format', () => {
  it('has the same records in the same order in C and in TypeScript', () => {
    expect(structs).toEqual(Object.keys(RECORDS));
    expect(EVENT_FORMAT).toBe(macro('EVENT_FORMAT'));
    expect([CMDLINE_HEAD, CMDLINE_LEN]).toEqual([macro('CMDLINE_HEAD'), macro('CMDLINE_LEN')]);
  });

  it.each(structs)('has %s field by field where the compiler puts it', (struct) => {
    const { offsets, size } = placed(fieldsOf(struct));
    expect(Object.entries(offsetsOf(struct))).toEqual(offsets);
    expect(sizeOf(struct)).toBe(size);
  });

  it.each(structs)('has no hidden padding in %s and keeps records 8-byte aligned', (struct) => {
    const fields = fieldsOf(struct);
    expect(fields.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(placed(fields).size);
    expect(placed(fields).size % 8).toBe(0);
  });

  it.each(structs)('asserts size and every field of %s to the compiler', (struct) => {
    const asserted = [...header.matchAll(/^EVENT_ASSERT\((\w+), (\w+), (\d+)\);$/gm)]
      .filter((match) => match[1] === struct)
      .map((match): [string, number] => [match[2] as string, Number(match[3])]);
    const implied = new Set(['type', 'size', 'netns_cookie'].slice(0, struct === 'overflow_key' ? 3 : 2));
    const { offsets, size } = placed(fieldsOf(struct));
    const leading = offsets.filter(([name, at]) => at < 4 && implied.has(name)).length;
    expect(asserted).toEqual(offsets.slice(leading));
    expect(header).toContain(`_Static_assert(sizeof(struct ${struct}) == ${size},`);
  });

  it.each([
    ['event_type', 'EVENT_', EVENT],
    ['event_direction', 'DIRECTION_', DIRECTION],
    ['event_end', 'END_', END],
    ['event_flags', 'FLAG_', FLAG],
    ['failure_flags', 'FAILURE_', FAILURE_FLAG],
    ['process_flags', 'PROCESS_', PROCESS_FLAG],
  ] as const)('has the same constants in enum %s', (name, prefix, table) => {
    expect(enumOf(name, prefix)).toEqual(table);
  });

  it('names the ends of a connection in the order of their numbers', () => {
    const byNumber = Object.entries(END)
      .sort(([, a], [, b]) => a - b)
      .map(([name]) => name);
    const names = byNumber
      .slice(1)
      .map((name) => name.toLowerCase().replace('_', '-').replace('wait2', 'wait-2'));
    expect(names).toEqual(END_NAMES);
  });

  it('keeps every flag in the byte that carries it, each a bit of its own', () => {
    const bits = Object.values(FLAG);
    expect(bits.reduce((all, bit) => all | bit, 0)).toBe(bits.reduce((sum, bit) => sum + bit, 0));
    expect(Math.max(...bits)).toBeLessThan(256);
    const elsewhere = FLAG.CLOSED_FIRST | FLAG.OPEN_SENT;
    expect(FAILURE_FLAG.OWN_RANGE | FAILURE_FLAG.NO_SOURCE).toBe(elsewhere);
  });
});
