/** What a process holds in memory. In: its pid, a text. Out: whether the text is somewhere in what it may write to: heap, buffers, stacks. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const CHUNK = 4 << 20;

export function holds(pid: number, text: string): boolean {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    return writable(pid).some(([from, to]) => holdsBetween(memory, from, to, text));
  } finally {
    closeSync(memory);
  }
}

function writable(pid: number): [from: number, to: number][] {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  return [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)].map(([, from = '', to = '']) => [
    Number.parseInt(from, 16),
    Number.parseInt(to, 16),
  ]);
}

/** Pieces overlap, so that a text across two is found. */
function holdsBetween(memory: number, from: number, to: number, text: string): boolean {
  for (let at = from; at < to; at += CHUNK - text.length) {
    const bytes = readAt(memory, at, Math.min(CHUNK, to - at));
    if (bytes.includes(text) || bytes.includes(text, 0, 'utf16le')) return true;
  }
  return false;
}

/** Nothing where the mapping has gone meanwhile. */
function readAt(memory: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  try {
    return bytes.subarray(0, readSync(memory, bytes, 0, length, at));
  } catch {
    return bytes.subarray(0, 0);
  }
}
