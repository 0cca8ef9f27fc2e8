/** Numbers of groups by this machine's own list. In: a name or a number. Out: the number, null when the name is not listed. */
import { readText } from './read.js';

const MOST_BYTES = 1024 * 1024;

/** @source group(5) */
export function groupId(group: string, path = '/etc/group'): number | null {
  if (/^\d+$/.test(group)) return Number(group);
  const lines = (readText(path, MOST_BYTES) ?? '').split('\n').map((line) => line.split(':'));
  const id = lines.find(([name]) => name === group)?.[2];
  return id === undefined ? null : Number(id);
}
