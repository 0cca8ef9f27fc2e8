/** What the colours of the port map mean: whose they are, and the marks of ports that nobody can have. In: a map, colours of its owners. */
import { type LegendItem, legendOf } from '../../../src/view/ports/legend.js';
import { OTHERS, OWN_TINTS } from '../../../src/view/ports/tints.js';
import { foreign, integer } from '../../text/format.js';
import type { Ports } from './watch.js';

export function Legend({ ports: { owners, counts }, tints }: { ports: Ports; tints: Uint8Array }) {
  return (
    <ul class="legend" aria-label="Colours of the port map">
      {legendOf(owners, tints, counts).map(({ of, word, ports }) => (
        <Item key={of} chip={chipOf(of)} word={foreign(word)} ports={ports} />
      ))}
      <li class="fading">
        <span class="chip fade" aria-hidden="true" /> bright: in use; paler: TIME_WAIT, the paler the sooner
        it ends
      </li>
    </ul>
  );
}

function chipOf(of: LegendItem['of']): string {
  if (typeof of === 'string') return `p-${of}`;
  if (of < OWN_TINTS) return `of-owner-${of}`;
  return of === OTHERS ? 'p-others' : 'of-owner-unknown';
}

function Item({ chip, word, ports }: { chip: string; word: string; ports: number }) {
  return (
    <li>
      <span class={`chip ${chip}`} aria-hidden="true" />
      <bdi>{word}</bdi> <b>{integer(ports)}</b>
    </li>
  );
}
