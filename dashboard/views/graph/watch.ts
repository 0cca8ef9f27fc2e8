/** The rows that the blame graph is made of: budgets and failures are there, flows are asked for while somebody looks. Out: a graph. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { FlowRow } from '../../../src/protocol/rows.js';
import { graphOf } from '../../charts/blame.js';
import type { Graph } from '../../charts/blame-types.js';
import { budgets, failures, sides } from '../../state/model.js';

/** Of the flows only rates and names are wanted, of those that hold most. */
const FLOWS = { topic: 'flows', filter: 'dir:out', sort: '-portsHeld', limit: 100 } as const;

export function useGraph(live: boolean): Graph {
  const [flows, setFlows] = useState<ReadonlyMap<string, FlowRow>>(new Map());
  useEffect(() => (live ? sides.table(FLOWS, setFlows) : undefined), [live]);
  const last = useRef<Graph | null>(null);
  if (live || last.current === null) last.current = graphNow(flows);
  return last.current;
}

function graphNow(flows: ReadonlyMap<string, FlowRow>): Graph {
  const { rows, total } = budgets.value;
  return graphOf({
    flows: flows.values(),
    budgets: rows.values(),
    failures: failures.value.rows.values(),
    total: Math.max(total, rows.size),
  });
}
