/**
 * Where in the page one is, as the query of its address: filter, group, sort, the row that is open. In the words of the HTTP
 * API, so that a link reads like a request. Pure. The fragment stays free for the token (session.ts).
 */
import { GROUPS, type Group } from '../../src/protocol/names.js';
import type { Sort } from '../../src/view/order.js';

export interface Place {
  filter: string;
  group: Group | null;
  sort: Sort;
  /** Key of the row whose drawer is open. */
  row: string | null;
}

const BUSIEST: Sort = { column: 'portsHeld', descending: true };
export const START: Place = { filter: '', group: null, sort: BUSIEST, row: null };

/** `-portsHeld`: as the service takes it. */
export const sortText = ({ column, descending }: Sort): string => `${descending ? '-' : ''}${column}`;

function parseSort(text: string | null): Sort {
  const column = text?.replace(/^-/, '') ?? '';
  return column === '' ? START.sort : { column, descending: text?.startsWith('-') ?? false };
}

export function placeOf(query: string): Place {
  const words = new URLSearchParams(query);
  return {
    filter: words.get('filter') ?? START.filter,
    group: GROUPS.find((one) => one === words.get('group')) ?? START.group,
    sort: parseSort(words.get('sort')),
    row: words.get('row'),
  };
}

/** With its question mark; empty for the page as it opens. */
export function queryOf({ filter, group, sort, row }: Place): string {
  const words = new URLSearchParams();
  if (filter.trim() !== '') words.set('filter', filter.trim());
  if (group !== null) words.set('group', group);
  if (sortText(sort) !== sortText(START.sort)) words.set('sort', sortText(sort));
  if (row !== null) words.set('row', row);
  const text = words.toString();
  return text === '' ? '' : `?${text}`;
}
