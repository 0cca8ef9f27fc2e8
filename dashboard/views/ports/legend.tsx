/** What the colours of the port map mean: whose they are, and the marks of ports that nobody can have. In: a map, colours of its owners. */
import { OTHERS, UNKNOWN_TINT } from '../../charts/port-tints.js';
import { integer } from '../../text/format.js';
import { ownerText } from '../../text/port-words.js';
import type { Ports } from './watch.js';

export function Legend({ ports, tints }: { ports: Ports; tints: Uint8Array }) {
  const { owners, counts } = ports;
  const { blocked, reserved, free } = counts.states;
  const own = owners
    .map((_, index) => ({ index, tint: tints[index] as number }))
    .filter(({ tint }) => tint < OTHERS)
    .sort((a, b) => a.tint - b.tint);
  const others = owners.reduce(
    (sum, _, index) => sum + (tints[index] === OTHERS ? (counts.owners[index] ?? 0) : 0),
    0,
  );
  return (
    <ul class="legend" aria-label="Colours of the port map">
      {own.map(({ index, tint }) => (
        <Item
          key={tint}
          chip={String(tint)}
          word={ownerText(owners, index)}
          ports={counts.owners[index] ?? 0}
        />
      ))}
      {others === 0 ? null : <Item chip={String(OTHERS)} word="others" ports={others} />}
      {blocked === 0 ? null : <Item chip="blocked" word="blocked by bind()" ports={blocked} />}
      {reserved === 0 ? null : <Item chip="reserved" word="reserved" ports={reserved} />}
      <Item chip="free" word="free" ports={free} />
      <li class="fading">
        <span class="chip fade" aria-hidden="true" /> bright: in use; paler: TIME_WAIT, the paler the sooner
        it ends
      </li>
    </ul>
  );
}

function Item({ chip, word, ports }: { chip: string; word: string; ports: number }) {
  return (
    <li>
      <span class={`chip p-${chip === String(UNKNOWN_TINT) ? 'unknown' : chip}`} aria-hidden="true" />
      <bdi>{word}</bdi> <b>{integer(ports)}</b>
    </li>
  );
}
