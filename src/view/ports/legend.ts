/**
 * What the colours of a port map mean: whose they are, and the marks of ports that nobody can have. In: owners, their tints, counts. Out: one item
 * per colour, the words not yet safe to show (protocol/format.ts). Pure.
 */
import { OTHER_OWNERS } from '../../protocol/ports/cells.js';
import type { PortOwner } from '../../protocol/ports/schema.js';
import { ownerName, withPid } from '../names.js';
import type { Counts } from './counts.js';
import { OTHERS, UNKNOWN_TINT } from './tints.js';

export type Mark = 'blocked' | 'reserved' | 'free';

export interface LegendItem {
  /** A tint, or what nobody can have or everybody. */
  readonly of: number | Mark;
  readonly word: string;
  readonly ports: number;
}

/** `agent.mjs 4711`; @param index of the owner. Null: nobody is known. */
export function ownerWords(owners: readonly PortOwner[], index: number): string | null {
  if (index === OTHER_OWNERS) return 'others';
  const owner = owners[index];
  return owner === undefined ? null : withPid(ownerName(owner), owner.process.pid);
}

export function legendOf(owners: readonly PortOwner[], tints: Uint8Array, counts: Counts): LegendItem[] {
  const all = owners.map((_, index) => ({
    of: tints[index] ?? UNKNOWN_TINT,
    word: ownerWords(owners, index) ?? '',
    ports: counts.owners[index] ?? 0,
  }));
  const own = all.filter((item) => item.of < OTHERS).sort((a, b) => a.of - b.of);
  const others = all.reduce((sum, { of, ports }) => sum + (of === OTHERS ? ports : 0), 0);
  const { blocked, reserved, free } = counts.states;
  const rest: LegendItem[] = [
    { of: OTHERS, word: 'others', ports: others },
    { of: 'blocked', word: 'blocked by bind()', ports: blocked },
    { of: 'reserved', word: 'reserved', ports: reserved },
  ];
  return [...own, ...rest.filter(({ ports }) => ports > 0), { of: 'free', word: 'free', ports: free }];
}
