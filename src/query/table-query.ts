/**
 * A query on a table (filter, sort, limit, group), checked. In: a subscribe frame, URL parameters or a command line's
 * options. Out: a ViewSpec, and the name under which equal queries share a View.
 */
import { PortchurnError } from '../protocol/errors.js';
import { DEFAULT_LIMIT, GROUPS, type Group, MAX_LIMIT, type TableTopic } from '../protocol/frames.js';
import type { TableQuery } from '../protocol/table-query.js';
import { parseFilter } from './filter/parse.js';
import { type NetnsNames, NO_NAMES } from './namespaces.js';
import { defaultSort, isSortable, parseOrder } from './order.js';
import type { ViewSpec } from './view.js';

export interface NamedSpec {
  /** Equal queries have equal names. */
  name: string;
  spec: ViewSpec;
}

/** The only topic that can be grouped. */
const GROUPED: TableTopic = 'flows';

/** Throws USAGE, BAD_FILTER or TOO_EXPENSIVE. */
export function specOf(topic: TableTopic, query: TableQuery, namespaces: NetnsNames = NO_NAMES): NamedSpec {
  const { sort = defaultSort(topic), limit = DEFAULT_LIMIT, group = null } = query;
  const filter = parseFilter((query.filter ?? '').trim(), namespaces);
  if (group !== null && topic !== GROUPED) {
    throw new PortchurnError('USAGE', `only ${GROUPED} can be grouped, not ${topic}`);
  }
  checkLimit(limit);
  const spec = { topic, filter, order: parseOrder(topic, sort), limit, group };
  return { name: JSON.stringify([topic, filter.text, sort, limit, group]), spec };
}

function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return;
  throw new PortchurnError('USAGE', `limit is a whole number from 1 to ${MAX_LIMIT}`);
}

/** The part of a query for several tables that applies to `topic`. A `sort` that applies to none of them is an error. */
export function queryForTopic(
  topic: TableTopic,
  topics: readonly TableTopic[],
  query: TableQuery,
): TableQuery {
  if (topics.length === 1) return query;
  const { sort, group, ...rest } = query;
  if (sort !== undefined && !topics.some((one) => isSortable(one, sort))) parseOrder(topic, sort);
  return {
    ...rest,
    ...(sort !== undefined && isSortable(topic, sort) ? { sort } : {}),
    ...(group !== undefined && topic === GROUPED ? { group } : {}),
  };
}

/** Throws USAGE for anything but a group's name. */
export function parseGroup(text: string): Group {
  const group = GROUPS.find((name) => name === text);
  if (group) return group;
  throw new PortchurnError('USAGE', `group is one of ${GROUPS.join(', ')}, not "${text}"`);
}

/** Throws USAGE for anything but a whole number. */
export function parseWhole(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new PortchurnError('USAGE', `${name} is a whole number, not "${text}"`);
}
