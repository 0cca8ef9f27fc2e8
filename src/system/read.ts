/**
 * Bounded reads of pseudo-files (/proc, /sys), whose size stat() does not give. In: a path. Out: bytes or text, or null
 * for whatever could not be read: vanished, forbidden, out of descriptors; a directory that cannot be listed for want
 * of those is an error. Synchronous and short; never called from the event path.
 */
import {
  type BigIntStats,
  closeSync,
  type Dirent,
  opendirSync,
  openSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs';

/** At most `limit` bytes of `path`, or null when it cannot be read. `cut` says that there was more. */
export function readBytes(path: string, limit: number): { bytes: Buffer; cut: boolean } | null {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    return fill(fd, Buffer.allocUnsafe(limit + 1), limit);
  } catch {
    return null; // ESRCH: the process went away between open and read
  } finally {
    closeSync(fd);
  }
}

/** A pseudo-file gives a page or less per read, so it is read until it says 0; one byte more than asked shows that it was cut. */
function fill(fd: number, buffer: Buffer, limit: number): { bytes: Buffer; cut: boolean } {
  let used = 0;
  while (used <= limit) {
    const got = readSync(fd, buffer, used, buffer.length - used, null);
    if (got === 0) break;
    used += got;
  }
  return { bytes: buffer.subarray(0, Math.min(used, limit)), cut: used > limit };
}

/** The text of a small file, at most `limit` bytes of it, or null. Invalid UTF-8 becomes U+FFFD. */
export function readText(path: string, limit = 16 * 1024): string | null {
  return readBytes(path, limit)?.bytes.toString('utf8') ?? null;
}

/** Where a symbolic link points, or null: gone, forbidden, or (a kernel thread's exe) nothing behind it. */
export function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** What a path leads to, or null. Inode numbers need all 64 bits: a cgroup's is its id. */
export function statOf(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return null;
  }
}

/** We lack something, not the directory: if it were taken for empty, everything in it would be taken for gone. */
const LACKING = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);
/** While it is read: it was removed, its process went away, or may not be looked at. */
const CLOSED = new Set(['ENOENT', 'ENODEV', 'ESRCH', 'EACCES', 'EPERM']);

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? '';

/** As `readLink`, but throws when memory has run out: null would mean gone. */
export function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (LACKING.has(codeOf(error))) throw error;
    return null;
  }
}

/**
 * The entries of a directory, one by one, so that the caller can give way between any two; none if it is gone. Throws when
 * descriptors or memory have run out, or when it ends before its end.
 */
export function* entriesOf(path: string): Generator<Dirent> {
  const directory = open(path);
  if (directory === null) return;
  try {
    for (let entry = next(directory); entry !== null; entry = next(directory)) yield entry;
  } finally {
    directory.closeSync();
  }
}

function open(path: string) {
  try {
    return opendirSync(path);
  } catch (error) {
    if (LACKING.has(codeOf(error))) throw error;
    return null;
  }
}

/** Null at the end, which a directory that is removed meanwhile reaches early. Any other error is not the end. */
function next(directory: NonNullable<ReturnType<typeof open>>): Dirent | null {
  try {
    return directory.readSync();
  } catch (error) {
    if (!CLOSED.has(codeOf(error))) throw error;
    return null;
  }
}
