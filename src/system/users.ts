/** Names of users by this machine's own list. In: a uid. Out: its name, null when it is not listed. */
import { readText } from './read.js';

const MOST_BYTES = 1024 * 1024;

/** @source passwd(5) */
export function userName(uid: number, path = '/etc/passwd'): string | null {
  const lines = (readText(path, MOST_BYTES) ?? '').split('\n').map((line) => line.split(':'));
  return lines.find(([, , id]) => id === String(uid))?.[0] ?? null;
}
