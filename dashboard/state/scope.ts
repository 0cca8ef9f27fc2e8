/**
 * The one namespace that the page is about, as the address says it: by id, inode or name. In: a text, the namespaces. Out: the word of a filter.
 * Pure. By its id it is exactly that one; until the namespaces are known a text is taken as it is.
 */
import type { TotalsRow } from '../../src/protocol/rows.js';

type Namespace = Pick<TotalsRow, 'netnsId' | 'netns' | 'name'>;

/** Undefined: there is none like that, or none is known yet. */
export function found<N extends Namespace>(text: string, all: readonly N[]): N | undefined {
  return (
    all.find(({ netnsId }) => netnsId === text) ??
    all.find(({ netns }) => netns !== null && String(netns) === text) ??
    all.find(({ name }) => name === text)
  );
}

/** Empty: the whole machine. */
export function scopeWord(text: string | null, all: readonly Namespace[]): string {
  if (text === null) return '';
  const id = found(text, all)?.netnsId ?? null;
  if (id !== null) return `netnsId:${id}`;
  return /^\d+$/.test(text) ? `netnsId:${text}` : `netns:"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Behind what the user wrote, so that the columns of a refusal stay right. */
export const scoped = (filter: string, word: string): string =>
  [filter.trim(), word].filter((part) => part !== '').join(' ');
