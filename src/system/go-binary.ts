/**
 * Whether a program was made by the Go linker: its first pages hold a note that names it. Go programs have no runtime of
 * their own name, so only the file tells. Enters: pid and exe of a live process. Leaves: yes, no, or unknown. One read per
 * file, kept. Called by the diagnosis, for processes it has something to say about.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { ProcessInfo } from '../protocol/rows.js';

/** Elf_Nhdr of .note.go.buildid: namesz 4, descsz, type 4, then the name. */
const NOTE_NAME = Buffer.from('Go\0\0', 'latin1');
const NOTE_HEADER_BYTES = 12;
const HEAD_BYTES = 8192;
const MOST_FILES = 1000;

export class GoBinaries {
  private readonly known = new Map<string, boolean>();

  isGo({ pid, exe, exited }: ProcessInfo): boolean | null {
    if (exe === null) return null;
    const known = this.known.get(exe);
    if (known !== undefined || pid === null || exited === true) return known ?? null;
    const found = readNote(`/proc/${pid}/exe`);
    if (this.known.size >= MOST_FILES) this.known.clear();
    if (found !== null) this.known.set(exe, found);
    return found;
  }
}

function readNote(path: string): boolean | null {
  try {
    const fd = openSync(path, 'r');
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      return hasNote(head.subarray(0, readSync(fd, head, 0, HEAD_BYTES, 0)));
    } finally {
      closeSync(fd);
    }
  } catch {
    return null; // it has ended, or may not be read
  }
}

function hasNote(head: Buffer): boolean {
  for (let at = head.indexOf(NOTE_NAME); at >= 0; at = head.indexOf(NOTE_NAME, at + 1)) {
    const header = at - NOTE_HEADER_BYTES;
    if (header >= 0 && head.readUInt32LE(header) === 4 && head.readUInt32LE(header + 8) === 4) return true;
  }
  return false;
}
