/** Users and groups by this machine's own lists. Null: not listed. */
import { readText } from './read.js';

const MOST_BYTES = 1024 * 1024;

const entriesOf = (path: string) =>
  (readText(path, MOST_BYTES) ?? '').split('\n').map((line) => line.split(':'));

/** @source passwd(5) */
export function userName(uid: number, path = '/etc/passwd'): string | null {
  return entriesOf(path).find(([, , id]) => id === String(uid))?.[0] ?? null;
}

/** @param group a name or a number @source group(5) */
export function groupId(group: string, path = '/etc/group'): number | null {
  if (/^\d+$/.test(group)) return Number(group);
  const id = entriesOf(path).find(([name]) => name === group)?.[2];
  return id === undefined ? null : Number(id);
}
