/** A port map in figures: how many ports each owner has, and how many are in each state. In: cells. Out: counts. Pure. */
import { CELL_BYTES, PORT_STATES, type PortState } from '../../protocol/ports/cells.js';

/** How many ports there are of each owner, by index, and in each state. */
export interface Counts {
  owners: Uint32Array;
  states: Record<PortState, number>;
}

export function countsOf(cells: Uint8Array): Counts {
  const pairs = pairsOf(wordsOf(cells));
  const owners = new Uint32Array(256);
  const states = PORT_STATES.map(() => 0);
  for (const [pair, ports] of pairs.entries()) {
    owners[pair & 255] = (owners[pair & 255] as number) + ports;
    states[pair >> 8] = (states[pair >> 8] as number) + ports;
  }
  const named = PORT_STATES.map((name, byte) => [name, states[byte] as number]);
  return { owners, states: Object.fromEntries(named) as Counts['states'] };
}

/** A cell as one number, on little-endian machines, as all are that run this: the owner is its lowest byte, then comes the state. */
export const wordsOf = ({ buffer, byteOffset, length }: Uint8Array) =>
  new Uint32Array(buffer, byteOffset, length / CELL_BYTES);

/** Ports by owner and state. Neighbours are mostly alike, and are added together. */
function pairsOf(words: Uint32Array): Uint32Array {
  const pairs = new Uint32Array(PORT_STATES.length * 256);
  for (let at = 0; at < words.length; ) {
    const pair = (words[at] as number) & 0xffff;
    const first = at;
    while (at < words.length && ((words[at] as number) & 0xffff) === pair) at++;
    pairs[pair] = (pairs[pair] as number) + at - first;
  }
  return pairs;
}
