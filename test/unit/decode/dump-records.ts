/**
 * Dump records as the native dumper writes them, built field by field from the layout table. Enters: field values by the C
 * struct's names; what is left out is 0. Called by unit tests.
 */
import {
  DUMP,
  DUMP_FILES,
  DUMP_RECORDS,
  DUMP_TEXT_FLAG,
  type DumpFile,
  type DumpRecordName,
  dumpOffsetsOf,
  dumpSizeOf,
} from '../../../src/decode/dump-layout.js';

type Value = number | bigint | Uint8Array;
type Fields = Record<string, Value>;
const BITS = { u8: 8, u16: 16, u32: 32, u64: 64 } as const;

/** One record of its full size. */
export function dumpRecord(name: DumpRecordName, fields: Fields): Uint8Array {
  const bytes = Buffer.alloc(dumpSizeOf(name));
  const offsets = dumpOffsetsOf(name) as Record<string, number>;
  for (const [field, value] of Object.entries(fields)) write(bytes, offsets, name, field, value);
  return bytes;
}

function write(
  bytes: Buffer,
  offsets: Record<string, number>,
  name: DumpRecordName,
  field: string,
  value: Value,
): void {
  const type = DUMP_RECORDS[name].find(([it]) => it === field)?.[1];
  const at = offsets[field];
  if (type === undefined || at === undefined) throw new Error(`${name} has no field ${field}`);
  if (value instanceof Uint8Array) bytes.set(value, at);
  else if (type === 'u64') bytes.writeBigUInt64LE(BigInt(value), at);
  else bytes.writeUIntLE(Number(value), at, BITS[type as 'u8' | 'u16' | 'u32'] / 8);
}

const sized = (name: DumpRecordName, type: number, fields: Fields) =>
  dumpRecord(name, { type, size: dumpSizeOf(name), ...fields });

export const dumpBegin = (fields: Fields = {}) => sized('dump_begin', DUMP.BEGIN, fields);
export const dumpSocket = (fields: Fields = {}) => sized('dump_socket', DUMP.SOCKET, fields);
export const dumpGone = (fields: Fields = {}) => sized('dump_gone', DUMP.GONE, fields);
export const dumpEnd = (fields: Fields = {}) => sized('dump_end', DUMP.END, fields);

/** A piece of a file's text, the last one unless told. */
export function dumpText(
  file: DumpFile | number,
  text: string,
  { offset = 0, flags = DUMP_TEXT_FLAG.LAST as number } = {},
): Uint8Array {
  const number = typeof file === 'number' ? file : DUMP_FILES.indexOf(file);
  const bytes = Buffer.from(text, 'latin1');
  const size = Math.ceil((dumpSizeOf('dump_text') + bytes.length) / 8) * 8;
  const header = { type: DUMP.TEXT, size, file: number, length: bytes.length, offset, flags };
  const record = Buffer.alloc(size);
  record.set(dumpRecord('dump_text', header));
  record.set(bytes, dumpSizeOf('dump_text'));
  return record;
}
