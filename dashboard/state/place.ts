/**
 * Where in the page one is, as the query of its address: filter, group, sort, what is open. In the words of the HTTP
 * API, so that a link reads like a request. Pure. The fragment stays free for the token (session.ts).
 */
import { GROUPS, type Group } from '../../src/protocol/names.js';
import type { Sort } from '../../src/view/order.js';
import type { Span } from '../charts/span.js';

/** Of the timeline: a budget's key, the totals, or whatever is tightest. */
export type Choice = { budget: string | null } | 'tightest';

export interface Place {
  filter: string;
  group: Group | null;
  sort: Sort;
  /** Key of the row whose drawer is open. */
  row: string | null;
  /** Key of the incident whose drawer is open, or ALL. */
  incident: string | null;
  /** The namespace that the page is about: its id, inode or name. */
  netns: string | null;
  budget: Choice;
  /** The span of the timeline; null: live. */
  zoom: Span | null;
}

/** In place of an incident's key: the list of all incidents, and of findings that belong to none. */
export const ALL = 'all';
/** By the share of its own budget: the service knows no such column. */
export const BLAME = 'blame';
const WORST: Sort = { column: BLAME, descending: true };
export const START: Place = {
  filter: '',
  group: null,
  sort: WORST,
  row: null,
  incident: null,
  netns: null,
  budget: 'tightest',
  zoom: null,
};

/** `-portsHeld`: as the service takes it. */
export const sortText = ({ column, descending }: Sort): string => `${descending ? '-' : ''}${column}`;

function parseSort(text: string | null): Sort {
  const column = text?.replace(/^-/, '') ?? '';
  return column === '' ? START.sort : { column, descending: text?.startsWith('-') ?? false };
}

/** No budget's key is so short. */
const TOTALS = 'all';

function parseBudget(text: string | null): Choice {
  if (text === null) return START.budget;
  return { budget: text === TOTALS ? null : text };
}

/** `1764000000-1764000060`, Unix seconds. */
function parseZoom(text: string | null): Span | null {
  const [from = 0, to = 0] =
    text
      ?.match(/^(\d+)-(\d+)$/)
      ?.slice(1)
      .map(Number) ?? [];
  return to > from ? [from, to] : null;
}

const zoomText = ([from, to]: Span) => `${Math.round(from)}-${Math.round(to)}`;

export function placeOf(query: string): Place {
  const words = new URLSearchParams(query);
  return {
    filter: words.get('filter') ?? START.filter,
    group: GROUPS.find((one) => one === words.get('group')) ?? START.group,
    sort: parseSort(words.get('sort')),
    row: words.get('row'),
    incident: words.get('incident'),
    netns: words.get('netns') || null,
    budget: parseBudget(words.get('budget')),
    zoom: parseZoom(words.get('zoom')),
  };
}

/** With its question mark; empty for the page as it opens. */
export function queryOf({ filter, group, sort, row, incident, ...timeline }: Place): string {
  const words = new URLSearchParams();
  if (filter.trim() !== '') words.set('filter', filter.trim());
  if (group !== null) words.set('group', group);
  if (sortText(sort) !== sortText(START.sort)) words.set('sort', sortText(sort));
  if (row !== null) words.set('row', row);
  if (incident !== null) words.set('incident', incident);
  if (timeline.netns !== null) words.set('netns', timeline.netns);
  if (timeline.budget !== 'tightest') words.set('budget', timeline.budget.budget ?? TOTALS);
  if (timeline.zoom !== null) words.set('zoom', zoomText(timeline.zoom));
  const text = words.toString();
  return text === '' ? '' : `?${text}`;
}
