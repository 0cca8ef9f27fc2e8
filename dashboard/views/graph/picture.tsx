/**
 * Process, budget, destination: a budget is a tank with its level, a link is as wide as its rate, and a dashed red arrow leads from a process
 * without ports to the one that holds or blocks them. Loaded by blame-graph.tsx.
 */
import '../../style/graph.css';
import { useRef } from 'preact/hooks';
import { type Layout, layoutOf } from '../../charts/blame-layout.js';
import type { Graph } from '../../charts/blame-types.js';
import { budgets, link, now } from '../../state/model.js';
import { waitingWords } from '../../text/link-words.js';
import type { Watched } from '../panels/folded.js';
import { useWidth } from '../panels/width.js';
import { Nodes } from './nodes.js';
import { GraphText } from './text.js';
import { useGraph } from './watch.js';

export function Picture({ live }: Watched) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const graph = useGraph(live);
  return (
    <div class="graph">
      {/* Measured also while there is nothing to draw. */}
      <div ref={box} />
      {graph.budgets.length === 0 ? <Empty /> : <Drawing graph={graph} layout={layoutOf(graph, width)} />}
    </div>
  );
}

function Empty() {
  return (
    <p class="empty">
      {budgets.value.shown === null
        ? waitingWords(link.value, now.value)
        : 'No local port is held. With the first connection out of this machine: which process, and where to.'}
    </p>
  );
}

function Drawing({ graph, layout }: { graph: Graph; layout: Layout }) {
  return (
    <>
      <div class="canvas">
        <div class="sheet" style={{ width: `${layout.width}px`, height: `${layout.height}px` }}>
          <Links layout={layout} />
          <Nodes graph={graph} layout={layout} />
        </div>
      </div>
      <p class="key">
        A tank is a budget and its level. The wider a link, the more connects per second: before the tank all,
        behind it those that got a port.{' '}
        {graph.blames.length === 0 ? null : (
          <>
            <span class="arrow" aria-hidden="true" /> finds no port; the arrow ends at who holds or blocks
            most of them.
          </>
        )}
      </p>
      <GraphText graph={graph} />
    </>
  );
}

function Links({ layout: { width, height, holds, leads, blames } }: { layout: Layout }) {
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <marker
        id="blame-head"
        viewBox="0 0 8 8"
        refX="1"
        refY="4"
        markerWidth="7"
        markerHeight="7"
        orient="auto"
      >
        <path d="M0 0 L8 4 L0 8 Z" />
      </marker>
      {[...holds, ...leads].map(({ path, width: stroke }, i) => (
        <path key={i} class="link" d={path} style={{ strokeWidth: stroke }} />
      ))}
      {blames.map(({ path, width: stroke }, i) =>
        path === '' ? null : (
          <path
            key={i}
            class="blame"
            d={path}
            style={{ strokeWidth: stroke }}
            marker-end="url(#blame-head)"
          />
        ),
      )}
    </svg>
  );
}
