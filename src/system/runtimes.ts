/**
 * Which runtime a program carries inside, where its name does not say: an application server that embeds Python, a JVM
 * with a launcher of its own, whatever the Go linker made. Libraries show in /proc/PID/maps (proc_pid_maps(5)); the Go
 * linker leaves a note in the file's first pages. In: pid and exe of a live process. Out: a runtime, or null when there
 * is none or it is not known. Each file is read once, and the answer kept.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { ProcessInfo } from '../protocol/rows.js';

export type Carried = 'go' | 'java' | 'dotnet' | 'python' | 'ruby' | 'php' | 'node';

/** By the file names of mapped libraries; the first that matches. */
const LIBRARIES: readonly [RegExp, Carried][] = [
  [/\/libjvm\.so/, 'java'],
  [/\/libcoreclr\.so/, 'dotnet'],
  [/\/libpython[\d.]+\.so/, 'python'],
  [/\/libruby[-\d.]*\.so/, 'ruby'],
  [/\/libphp[\d.]*\.so/, 'php'],
  [/\/libnode\.so/, 'node'],
];
/** Elf_Nhdr of .note.go.buildid: namesz 4, descsz, type 4, then the name. */
const NOTE_NAME = Buffer.from('Go\0\0', 'latin1');
const NOTE_HEADER_BYTES = 12;
const HEAD_BYTES = 8192;
/** Of the mappings; a JVM has thousands, its library among the first. */
const MAPS_BYTES = 1 << 20;
const MOST_FILES = 1000;

export class Runtimes {
  private readonly known = new Map<string, Carried | null>();

  of({ pid, exe, exited }: ProcessInfo): Carried | null {
    if (exe === null) return null;
    const known = this.known.get(exe);
    if (known !== undefined || pid === null || exited === true) return known ?? null;
    const [head, maps] = [read(`/proc/${pid}/exe`, HEAD_BYTES), read(`/proc/${pid}/maps`, MAPS_BYTES)];
    if (head === null || maps === null) return null; // it has ended, or may not be read: ask again
    const found = hasGoNote(head) ? 'go' : libraryIn(maps.toString('latin1'));
    if (this.known.size >= MOST_FILES) this.known.clear();
    this.known.set(exe, found);
    return found;
  }
}

function libraryIn(maps: string): Carried | null {
  return LIBRARIES.find(([pattern]) => pattern.test(maps))?.[1] ?? null;
}

/** At most so many bytes; /proc gives a page at a time. */
function read(path: string, most: number): Buffer | null {
  try {
    const fd = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(most);
      let length = 0;
      for (let got = 1; got > 0 && length < most; length += got)
        got = readSync(fd, bytes, length, most - length, null);
      return bytes.subarray(0, length);
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}

function hasGoNote(head: Buffer): boolean {
  for (let at = head.indexOf(NOTE_NAME); at >= 0; at = head.indexOf(NOTE_NAME, at + 1)) {
    const header = at - NOTE_HEADER_BYTES;
    if (header >= 0 && head.readUInt32LE(header) === 4 && head.readUInt32LE(header + 8) === 4) return true;
  }
  return false;
}
