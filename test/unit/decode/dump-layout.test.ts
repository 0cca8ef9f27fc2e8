import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  DUMP,
  DUMP_FILES,
  DUMP_RECORDS,
  DUMP_SOCKET_FLAG,
  DUMP_TEXT_FLAG,
  DUMP_TEXT_LIMIT,
  DUMP_TEXT_PIECE,
  type DumpRecordName,
  dumpOffsetsOf,
  dumpSizeOf,
} from '../../../src/decode/dump-layout.js';
import { EVENT } from '../../../src/decode/layout.js';
import { SYSCTL_FILES } from '../../../src/system/parse/sysctl.js';

/** native/dump/dump_record.h without its comments: no toolchain needed. */
const header = readFileSync(new URL('../../../native/dump/dump_record.h', import.meta.url), 'utf8').replace(
  /\/\*[\s\S]*?\*\//g,
  '',
);
const BYTES: Record<string, number> = { __u8: 1, __u16: 2, __u32: 4, __u64: 8 };
const structs = [...header.matchAll(/^struct (\w+) \{/gm)].map((match) => match[1] as DumpRecordName);

/** Where a compiler puts the fields: each at a multiple of its element's size. */
function laidOut(struct: string): { offsets: [string, number][]; size: number } {
  const body = new RegExp(`struct ${struct} \\{([^}]*)\\};`).exec(header)?.[1] ?? '';
  let at = 0;
  const offsets = [...body.matchAll(/(__u\d+) (\w+)(?:\[(\d+)\])?;/g)].map((match): [string, number] => {
    const [, type = '', name = '', length = '1'] = match;
    const bytes = BYTES[type] as number;
    at = Math.ceil(at / bytes) * bytes + bytes * Number(length);
    return [name, at - bytes * Number(length)];
  });
  return { offsets, size: Math.ceil(at / 8) * 8 };
}

function enumOf(name: string, prefix: string): Record<string, number> {
  const body = new RegExp(`enum ${name} \\{([^}]*)\\};`).exec(header)?.[1] ?? '';
  const entries = [...body.matchAll(/(\w+) = (\d+)(?: << (\d+))?,/g)];
  return Object.fromEntries(
    entries.map(([, word = '', value, shift]) => [
      word.replace(prefix, ''),
      Number(value) << Number(shift ?? 0),
    ]),
  );
}

const macro = (name: string) => Number(new RegExp(`^#define ${name} (\\d+)$`, 'm').exec(header)?.[1]);

describe('the dump format', () => {
  it('has the same records in the same order in C and in TypeScript', () => {
    expect(structs).toEqual(Object.keys(DUMP_RECORDS));
  });

  it.each(structs)('has %s field by field where the compiler puts it', (struct) => {
    const { offsets, size } = laidOut(struct);
    expect(Object.entries(dumpOffsetsOf(struct))).toEqual(offsets);
    expect(dumpSizeOf(struct)).toBe(size);
  });

  it.each(structs)('asserts size and every field of %s to the compiler', (struct) => {
    const asserted = [...header.matchAll(/^DUMP_ASSERT\((\w+), (\w+), (\d+)\);$/gm)]
      .filter((match) => match[1] === struct)
      .map((match): [string, number] => [match[2] as string, Number(match[3])]);
    const { offsets, size } = laidOut(struct);
    expect(asserted).toEqual(offsets.slice(2)); // after type and size
    expect(header).toContain(`static_assert(sizeof(struct ${struct}) == ${size},`);
  });

  it.each([
    ['dump_type', 'DUMP_', DUMP],
    ['dump_socket_flags', 'DUMP_SOCKET_', DUMP_SOCKET_FLAG],
    ['dump_text_flags', 'DUMP_TEXT_', DUMP_TEXT_FLAG],
  ] as const)('has the same constants in enum %s', (name, prefix, table) => {
    expect(enumOf(name, prefix)).toEqual(table);
  });

  it('numbers the files alike, every setting that is parsed among them', () => {
    const names = Object.entries(enumOf('dump_file', 'DUMP_FILE_'));
    expect(names.map(([name, number]) => [name.toLowerCase(), number])).toEqual(
      DUMP_FILES.map((name, number) => [name, number]),
    );
    expect(DUMP_FILES).toEqual(expect.arrayContaining([...SYSCTL_FILES]));
  });

  it('bounds texts alike, and a piece with its header fits the size field', () => {
    expect(DUMP_TEXT_PIECE).toBe(macro('DUMP_TEXT_PIECE'));
    expect(DUMP_TEXT_LIMIT).toBe(macro('DUMP_TEXT_LIMIT'));
    expect(DUMP_TEXT_PIECE + dumpSizeOf('dump_text')).toBeLessThan(2 ** 16);
  });

  it('has no record type of an event', () => {
    const events = new Set<number>(Object.values(EVENT));
    expect(Object.values(DUMP).filter((type) => events.has(type))).toEqual([]);
  });
});
