/**
 * Where in the page one is, as the query of its address: filter, group, sort, what is open. In the words of the HTTP
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
  /** Key of the incident whose drawer is open, or ALL. */
  incident: string | null;
}

/** In place of an incident's key: the list of all incidents, and of findings that belong to none. */
export const ALL = 'all';
/** By the share of its own budget: the service knows no such column. */
export const BLAME = 'blame';
const WORST: Sort = { column: BLAME, descending: true };
export const START: Place = { filter: '', group: null, sort: WORST, row: null, incident: null };

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
    incident: words.get('incident'),
  };
}

/** With its question mark; empty for the page as it opens. */
export function queryOf({ filter, group, sort, row, incident }: Place): string {
  const words = new URLSearchParams();
  if (filter.trim() !== '') words.set('filter', filter.trim());
  if (group !== null) words.set('group', group);
  if (sortText(sort) !== sortText(START.sort)) words.set('sort', sortText(sort));
  if (row !== null) words.set('row', row);
  if (incident !== null) words.set('incident', incident);
  const text = words.toString();
  return text === '' ? '' : `?${text}`;
}
