/** The nodes of the blame graph: buttons over its links. A process opens its row, a budget and a destination choose what the timeline shows. */

import type { Box, Layout } from '../../charts/blame-layout.js';
import type { BudgetNode, DestinationNode, Graph, ProcessNode } from '../../charts/blame-types.js';
import { REST } from '../../charts/blame-types.js';
import { select } from '../../state/model.js';
import { choose, shown } from '../../state/timeline/timeline.js';
import { integer, percent, rate } from '../../text/format.js';

export function Nodes({ graph, layout }: { graph: Graph; layout: Layout }) {
  return (
    <>
      {graph.processes.map((node) => (
        <Process key={node.id} node={node} box={layout.processes.get(node.id)} />
      ))}
      {graph.budgets.map((node) => (
        <Budget key={node.id} node={node} box={layout.budgets.get(node.id)} />
      ))}
      {graph.destinations.map((node) => (
        <Destination key={node.id} node={node} box={layout.destinations.get(node.id)} />
      ))}
    </>
  );
}

const placed = (box: Box | undefined, more: Record<string, string> = {}) =>
  box === undefined
    ? more
    : { left: `${box.x}px`, top: `${box.y}px`, width: `${box.width}px`, height: `${box.height}px`, ...more };

function Process({ node, box }: { node: ProcessNode; box: Box | undefined }) {
  const { text, ports, blocked, openPerSec, failPerSec, flow } = node;
  const blocks = blocked === 0 ? '' : `blocks ${integer(blocked)} by bind(), `;
  const holds = `${blocks}holds ${integer(ports)}, opens ${rate(openPerSec)}/s`;
  return (
    <button
      type="button"
      class={`node ${failPerSec > 0 ? 'victim' : ''}`}
      style={placed(box)}
      title={`${text}\n${holds}`}
      disabled={flow === null}
      onClick={() => select(flow)}
    >
      <bdi>{text}</bdi>
      <small>
        {holds}
        {failPerSec === 0 ? null : <strong class="bad"> ✗ {rate(failPerSec)}/s fail</strong>}
      </small>
    </button>
  );
}

function Budget({ node, box }: { node: BudgetNode; box: Box | undefined }) {
  const { id, text, used, blocked, limit, level, tone } = node;
  const beside = blocked === 0 ? '' : `, ${integer(blocked)} blocked by bind()`;
  return (
    <button
      type="button"
      class={`node tank ${tone}`}
      style={placed(box, { '--level': String(level ?? 0) })}
      title={`${integer(used)} ports held${limit === null ? '' : ` of ${integer(limit)}`}${beside}`}
      aria-pressed={id === shown.value}
      disabled={id === REST}
      onClick={() => choose({ budget: id })}
    >
      <bdi>{text}</bdi>
      <small>
        {level === null ? '' : `${percent(level)} · `}
        {integer(used)}
        {limit === null ? '' : ` / ${integer(limit)}`}
        {beside}
      </small>
    </button>
  );
}

function Destination({
  node: { text, openPerSec, budget },
  box,
}: {
  node: DestinationNode;
  box: Box | undefined;
}) {
  return (
    <button
      type="button"
      class="node"
      style={placed(box)}
      title={text}
      disabled={budget === REST}
      onClick={() => choose({ budget })}
    >
      <bdi class="address">{text}</bdi>
      <small>{rate(openPerSec)} opens/s</small>
    </button>
  );
}
