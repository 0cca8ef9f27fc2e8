/**
 * Audit records as the native auditor writes them, built field by field from the layout table. Enters: field values by the C
 * struct's names; what is left out is 0. Called by unit tests.
 */
import {
  AUDIT,
  AUDIT_FILES,
  AUDIT_RECORDS,
  AUDIT_TEXT_FLAG,
  type AuditFile,
  type AuditRecordName,
  auditOffsetsOf,
  auditSizeOf,
} from '../../../src/decode/dump-layout.js';

type Value = number | bigint | Uint8Array;
type Fields = Record<string, Value>;
const BITS = { u8: 8, u16: 16, u32: 32, u64: 64 } as const;

/** One record of its full size. */
export function auditRecord(name: AuditRecordName, fields: Fields): Uint8Array {
  const bytes = Buffer.alloc(auditSizeOf(name));
  const offsets = auditOffsetsOf(name) as Record<string, number>;
  for (const [field, value] of Object.entries(fields)) write(bytes, offsets, name, field, value);
  return bytes;
}

function write(
  bytes: Buffer,
  offsets: Record<string, number>,
  name: AuditRecordName,
  field: string,
  value: Value,
): void {
  const type = AUDIT_RECORDS[name].find(([it]) => it === field)?.[1];
  const at = offsets[field];
  if (type === undefined || at === undefined) throw new Error(`${name} has no field ${field}`);
  if (value instanceof Uint8Array) bytes.set(value, at);
  else if (type === 'u64') bytes.writeBigUInt64LE(BigInt(value), at);
  else bytes.writeUIntLE(Number(value), at, BITS[type as 'u8' | 'u16' | 'u32'] / 8);
}

const sized = (name: AuditRecordName, type: number, fields: Fields) =>
  auditRecord(name, { type, size: auditSizeOf(name), ...fields });

export const auditBegin = (fields: Fields = {}) => sized('audit_begin', AUDIT.BEGIN, fields);
export const auditSocket = (fields: Fields = {}) => sized('audit_socket', AUDIT.SOCKET, fields);
export const auditEnd = (fields: Fields = {}) => sized('audit_end', AUDIT.END, fields);

/** A piece of a file's text, the last one unless told. */
export function auditText(
  file: AuditFile | number,
  text: string,
  { offset = 0, flags = AUDIT_TEXT_FLAG.LAST as number } = {},
): Uint8Array {
  const number = typeof file === 'number' ? file : AUDIT_FILES.indexOf(file);
  const bytes = Buffer.from(text, 'latin1');
  const size = Math.ceil((auditSizeOf('audit_text') + bytes.length) / 8) * 8;
  const header = { type: AUDIT.TEXT, size, file: number, length: bytes.length, offset, flags };
  const record = Buffer.alloc(size);
  record.set(auditRecord('audit_text', header));
  record.set(bytes, auditSizeOf('audit_text'));
  return record;
}
