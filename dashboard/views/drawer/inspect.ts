/**
 * The data of the drawer: subscriptions and requests that last exactly as long as it is open. In: a row's key.
 * Out: values, null until the service has answered. During a pause they stand still.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FlowDetail } from '../../../src/protocol/detail.js';
import type { Group } from '../../../src/protocol/names.js';
import type { FailureRow, FlowRow } from '../../../src/protocol/rows.js';
import { flows, paused, service, sides } from '../../state/model.js';
import { concerns, failureFilter, rowFilter } from '../../state/subject.js';
import { MOST_PER_FRAME, NO_TRACE, type Trace, take } from '../../state/trace.js';
import { inTurn, leaveTurn } from '../../state/turns.js';

const DETAIL_MS = 2_000;
const MOST_FAILURES = 50;

/** The last value from before the pause, once there is one. */
function useStill<T>(live: T | null): T | null {
  const last = useRef(live);
  if (paused.value === null || last.current === null) last.current = live;
  return last.current;
}

/** The row, also when the table's limit or filter hides it. Undefined: there is none. */
export function useRow(group: Group | null, key: string): FlowRow | null | undefined {
  const [own, setOwn] = useState<ReadonlyMap<string, FlowRow> | null>(null);
  const filter = rowFilter(group, key);
  useEffect(() => {
    if (filter === null) return;
    const grouped = group === null ? {} : { group };
    return sides.table({ topic: 'flows', filter, ...grouped }, setOwn);
  }, [group, filter]);
  const row = flows.value.rows.get(key) ?? own?.get(key);
  return useStill(row ?? null) ?? (own === null && filter !== null ? null : undefined);
}

/** The last failures of the row's process, newest first. */
export function useFailures(row: FlowRow): FailureRow[] | null {
  const [rows, setRows] = useState<ReadonlyMap<string, FailureRow> | null>(null);
  const filter = failureFilter(row);
  useEffect(() => {
    if (filter === null) return;
    return sides.table({ topic: 'failures', filter, sort: '-lastSeen', limit: MOST_FAILURES }, setRows);
  }, [filter]);
  const still = useStill(rows);
  if (still === null) return null;
  const own = [...still.values()].filter((one) => concerns(row, one));
  return own.sort((a, b) => (b.lastSeen ?? 0) - (a.lastSeen ?? 0));
}

/** Requested anew every two seconds; stays null for a row that is not one flow. */
export function useDetail(key: string | null): FlowDetail | null {
  const [detail, setDetail] = useState<FlowDetail | null>(null);
  useEffect(() => {
    if (key === null) return;
    const end = new AbortController();
    const ask = async () => {
      const answer = document.hidden
        ? null
        : await service.flowDetail(key, { signal: end.signal }).catch(() => null);
      if (answer !== null) setDetail(answer);
    };
    void ask();
    const timer = setInterval(() => void ask(), DETAIL_MS);
    return () => {
      clearInterval(timer);
      end.abort();
    };
  }, [key]);
  return useStill(detail);
}

export interface Traced {
  /** Null: the service has not begun to watch yet. */
  trace: Trace | null;
  refusal: string | null;
  /** Events that came during the pause. */
  unseen: number;
}

/** Ends with the drawer. */
export function useTrace(filter: string): Traced {
  const [trace, setTrace] = useState<Trace | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  useEffect(() => {
    setTrace(null);
    setRefusal(null);
    let last = NO_TRACE;
    const owner = {};
    const draw = () => setTrace(last);
    const end = sides.events(
      { filter, limit: MOST_PER_FRAME },
      {
        frame: (frame) => {
          last = take(last, frame);
          inTurn(owner, draw);
        },
        refused: ({ message }) => setRefusal(message),
      },
    );
    return () => {
      leaveTurn(owner);
      end();
    };
  }, [filter]);
  const still = useStill(trace);
  return { trace: still, refusal, unseen: (trace?.seen ?? 0) - (still?.seen ?? 0) };
}
