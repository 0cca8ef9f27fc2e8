/**
 * Records as the kernel writes them, built field by field from the layout table, and batches of them. In: field values
 * by the C struct's names; what is left out is 0.
 */
import ipaddr from 'ipaddr.js';
import { Batch } from '../../src/decode/batch.js';
import { EVENT, offsetsOf, type RECORDS, type RecordName, sizeOf } from '../../src/decode/layout.js';

type FieldName<R extends RecordName> = (typeof RECORDS)[R][number][0];
type Value = number | bigint | string | Uint8Array;
export type Fields<R extends RecordName> = Partial<Record<FieldName<R>, Value>>;

interface Place {
  at: number;
  width: number;
}
const places = new Map<RecordName, Map<string, Place>>();

/** Where each field of a record is, by name. */
function placesOf(name: RecordName): Map<string, Place> {
  const known = places.get(name) ?? new Map<string, Place>();
  if (known.size === 0) {
    const offsets = Object.entries<number>(offsetsOf(name));
    for (const [i, [field, at]] of offsets.entries()) {
      known.set(field, { at, width: (offsets[i + 1]?.[1] ?? sizeOf(name)) - at });
    }
    places.set(name, known);
  }
  return known;
}

/** One record. A text is written as its bytes; an array field's rest stays 0. */
export function record<R extends RecordName>(name: R, fields: Fields<R>): Uint8Array {
  const bytes = Buffer.alloc(sizeOf(name));
  for (const [field, value] of Object.entries(fields) as [string, Value][]) {
    const { at, width } = placesOf(name).get(field) as Place;
    write(bytes, at, width, value);
  }
  return bytes;
}

function write(bytes: Buffer, at: number, width: number, value: Value): void {
  if (typeof value === 'string') bytes.write(value, at, width, 'utf8');
  else if (value instanceof Uint8Array) bytes.set(value, at);
  else if (width === 8) bytes.writeBigUInt64LE(BigInt(value), at);
  else bytes.writeUIntLE(Number(value), at, width);
}

/** 16 bytes, network order; IPv4 as v4-mapped. */
export function addressBytes(text: string): Uint8Array {
  const parsed = ipaddr.parse(text);
  return Uint8Array.from(
    parsed instanceof ipaddr.IPv4 ? parsed.toIPv4MappedAddress().toByteArray() : parsed.toByteArray(),
  );
}

export function tcpEvent(type: number, fields: Fields<'tcp_event'> = {}): Uint8Array {
  return record('tcp_event', { type, size: sizeOf('tcp_event'), ...fields });
}

/** `exe` and `cmdline` as people write them; the kernel has the path's components leaf first and NUL after each argument. */
export function processEvent(
  fields: Omit<Fields<'process_event'>, 'exe' | 'cmdline'> & { exe?: string; cmdline?: readonly string[] },
): Uint8Array {
  const { exe = '', cmdline = [], ...rest } = fields;
  const path = Buffer.from(
    exe
      .split('/')
      .slice(1)
      .reverse()
      .map((part) => `${part}\0`)
      .join(''),
  );
  const args = Buffer.from(cmdline.map((arg) => `${arg}\0`).join(''));
  return record('process_event', {
    type: EVENT.PROCESS,
    size: sizeOf('process_event'),
    exe: path,
    exe_len: path.length,
    cmdline: args,
    cmdline_len: args.length,
    ...rest,
  });
}

export function cgroupEvent(fields: Fields<'cgroup_event'>): Uint8Array {
  return record('cgroup_event', { type: EVENT.CGROUP, size: sizeOf('cgroup_event'), ...fields });
}

export function exitEvent(fields: Fields<'process_exit_event'>): Uint8Array {
  return record('process_exit_event', {
    type: EVENT.PROCESS_EXIT,
    size: sizeOf('process_exit_event'),
    ...fields,
  });
}

/** One entry of the fold map: its key and count. */
export function foldEntry(key: Fields<'overflow_key'>, count: number): Uint8Array {
  const value = Buffer.alloc(8);
  value.writeBigUInt64LE(BigInt(count));
  return Buffer.concat([record('overflow_key', key), value]);
}

/** The records one after the other, and how many bytes they are. */
export function batchOf(...records: readonly Uint8Array[]): { batch: Batch; length: number } {
  const bytes = Buffer.concat(records);
  const batch = new Batch(Math.ceil(bytes.length / 8) * 8);
  batch.u8.set(bytes);
  return { batch, length: bytes.length };
}
