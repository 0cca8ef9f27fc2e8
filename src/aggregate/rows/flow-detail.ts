/**
 * One flow in detail. In: the tables, what the system knows of processes. Out: the body of GET
 * /api/v1/flow. Off the hot path: it searches all flows, once per request.
 */
import type { FlowDetail } from '../../protocol/detail.js';
import type { ProcessRef } from '../../protocol/rows.js';
import type { Aggregator } from '../ingest/aggregator.js';
import type { DurationWindow } from '../measure/quantiles.js';
import type { Flow } from '../model/flow.js';
import type { Owner } from '../model/owner.js';
import { Process } from '../model/process.js';

const MOST_ANCESTORS = 8;

/** What the system is asked. */
export interface Relations {
  userName(uid: number): string | null;
  /** The process with this pid, unless it is younger than its child, then its parent, and so on. */
  ancestors(pid: number, childTicks: number, limit: number): ProcessRef[];
}

/** Null: there is no such flow. @param second of the events' clock */
export function flowDetail(
  { flows }: Pick<Aggregator, 'flows'>,
  key: string,
  second: number,
  relations: Relations,
): FlowDetail | null {
  const flow = find(flows.all(), key);
  if (flow === null) return null;
  const { uid } = flow.owner.info();
  const durations = (window: DurationWindow | null) => window?.doublings(second) ?? null;
  return {
    key,
    user: uid === null ? null : relations.userName(uid),
    ancestors: ancestorsOf(flow.owner, relations),
    lifetimeMs: durations(flow.lifetimes),
    connectMs: durations(flow.connects),
  };
}

function find(flows: Iterable<Flow>, key: string): Flow | null {
  for (const flow of flows) if (flow.key === key) return flow;
  return null;
}

/** As far as the table knows, also of those that are gone; then as far as the system does. */
function ancestorsOf(owner: Owner, { ancestors }: Relations): ProcessRef[] {
  if (!(owner instanceof Process)) return [];
  const known: ProcessRef[] = [];
  let last = owner;
  for (; last.parent !== null && known.length < MOST_ANCESTORS; last = last.parent)
    known.push({ pid: last.parent.pid, comm: last.parent.info().comm });
  if (last.ppid === null || last.ppid === 0 || last.startTicks === null) return known;
  const living = ancestors(last.ppid, last.startTicks, MOST_ANCESTORS - known.length);
  if (living.length === 0 && last === owner) return [last.info().parent];
  return [...known, ...living];
}
