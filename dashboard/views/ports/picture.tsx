/**
 * Every local port of the budget that the timeline shows: colour is who has it, brightness how long its TIME_WAIT entry lives on. Beside it when
 * ports come back. Loaded by port-map.tsx.
 */
import '../../style/ports.css';
import { useRef } from 'preact/hooks';
import { Tints } from '../../../src/view/ports/tints.js';
import { programTints } from '../../charts/bands.js';
import { link, now } from '../../state/model.js';
import { drawn, shown, shownRow } from '../../state/timeline/timeline.js';
import { endpoint, foreign } from '../../text/format.js';
import { waitingWords } from '../../text/link-words.js';
import { mapSummary } from '../../text/port-words.js';
import type { Watched } from '../panels/folded.js';
import { GridOfPorts } from './grid.js';
import { Legend } from './legend.js';
import { Skyline } from './skyline.js';
import { type Ports, usePorts } from './watch.js';

export function Picture({ live }: Watched) {
  const budget = shown.value;
  const row = shownRow.value;
  const ports = usePorts(budget, live, row !== undefined);
  const colours = useRef(new Tints());
  if (ports === null)
    return <p class="empty">{budget === null ? NO_BUDGET : waitingWords(link.value, now.value)}</p>;
  const tints = colours.current.of(ports.owners, timelineTints(ports.budget), ports.counts.owners);
  return (
    <div class="map">
      <Heading of={ports} />
      <GridOfPorts ports={ports} tints={tints} describedBy="port-map-summary">
        {row === undefined ? null : <Skyline row={row} />}
      </GridOfPorts>
      <p class="sr-only" id="port-map-summary">
        {mapSummary(ports.first, ports.counts.states, ports.owners, ports.counts.owners)}
      </p>
      <Legend ports={ports} tints={tints} />
    </div>
  );
}

/** Colours of the programs in the timeline, once it shows the same budget. */
function timelineTints(budget: string) {
  const body = drawn.peek()?.body;
  return body?.budget === budget ? programTints(body) : undefined;
}

const NO_BUDGET = 'A map is of one destination: choose one in the timeline, or in the list of budgets.';

function Heading({ of: { first, cells, budget } }: { of: Ports }) {
  const row = shownRow.value;
  const toward = row === undefined ? foreign(budget) : endpoint(row.destination);
  const from = row === undefined ? '' : ` from ${foreign(row.source.address)}`;
  return (
    <p class="count">
      Local ports {first} to {first + cells.length / 4 - 1}
      {from} toward <bdi class="address">{toward}</bdi>
    </p>
  );
}
