/** What the port map says in words: one port, the whole, when ports come back. In: cells, counts, rows. Out: text. Pure. */
import type { PortCell, PortState } from '../../src/protocol/ports/cells.js';
import type { PortOwner } from '../../src/protocol/ports/schema.js';
import { RETURN_STEP, type ReturnStep } from '../../src/view/budget.js';
import { ownerWords } from '../../src/view/ports/legend.js';
import { foreign, integer, seconds } from './format.js';

export const STATE_WORDS: Record<PortState, string> = {
  free: 'free',
  established: 'established',
  other: 'opening or closing',
  'time-wait': 'TIME_WAIT',
  reusable: 'TIME_WAIT, a connect() may take it over',
  'fin-wait-2': 'waiting for the peer to close',
  blocked: 'blocked by bind()',
  reserved: 'reserved',
};

/** `agent.mjs 4711`; @param index of the owner */
export const ownerText = (owners: readonly PortOwner[], index: number): string =>
  foreign(ownerWords(owners, index));

/** `Port 30012: agent.mjs 4711, TIME_WAIT, 31 s left` */
export function portText(
  port: number,
  { owner, state, seconds: left }: PortCell,
  owners: readonly PortOwner[],
): string {
  const parts = [
    ...(owner === null ? [] : [ownerText(owners, owner)]),
    STATE_WORDS[state],
    ...(state === 'time-wait' || state === 'reusable' ? [`${seconds(left)} left`] : []),
  ];
  return `Port ${port}: ${parts.join(', ')}`;
}

const SUMMED: readonly (readonly [PortState, string])[] = [
  ['established', 'established'],
  ['other', 'opening or closing'],
  ['time-wait', 'in TIME_WAIT'],
  ['reusable', 'in TIME_WAIT that a connect() may take over'],
  ['fin-wait-2', 'waiting for the peer to close'],
  ['blocked', 'blocked by bind()'],
  ['reserved', 'reserved'],
  ['free', 'free'],
];

/** The picture for whoever does not see it. `held`: ports by index of the owner. */
export function mapSummary(
  first: number,
  states: Readonly<Record<PortState, number>>,
  owners: readonly PortOwner[],
  held: Uint32Array,
): string {
  const ports = Object.values(states).reduce((sum, count) => sum + count, 0);
  const counts = SUMMED.filter(([state]) => states[state] > 0).map(
    ([state, words]) => `${integer(states[state])} ${words}`,
  );
  const holders = owners.slice(0, 8).map((_, i) => `${ownerText(owners, i)} has ${integer(held[i] ?? 0)}`);
  const sentences = [`Ports ${first} to ${first + ports - 1}: ${counts.join(', ')}`, ...holders];
  return `${sentences.join('. ')}.`;
}

export function returnsSummary(steps: readonly ReturnStep[]): string {
  const some = steps.filter(({ ports }) => ports > 0);
  if (some.length === 0) return 'No port is about to come back by itself.';
  const texts = some.map(
    ({ within, ports }) => `${integer(ports)} in ${within - RETURN_STEP} to ${within} s`,
  );
  return `Ports that come back: ${texts.join(', ')}.`;
}
